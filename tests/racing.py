"""Real processes that work on one database at the same moment."""

import os
import time
import traceback


def at_once(*works):
    """Run functions at one moment, each in a process of its own; all of them must succeed."""
    start = time.time() + 0.05
    children = [_start(work, start) for work in works]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    assert statuses == [0] * len(works)


def _start(work, start):
    child = os.fork()  # this process has no connection open
    if child:
        return child
    status = 1
    try:
        time.sleep(max(0, start - time.time()))
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - it must not go on as a second test session
        traceback.print_exc()
    os._exit(status)
