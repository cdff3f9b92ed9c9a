"""What a worker process may be told to make: a file, or trouble. Its own module, which such a process can import."""

import os
import time
from pathlib import Path

from billing_engine.errors import RenderingError


def a_file(content):
    """Make a file."""
    return content.encode()


def who():
    """Tell which process it is."""
    return str(os.getpid()).encode()


def refuse(why):
    """Fail as a document does that can not be printed."""
    raise RenderingError(why)


def stumble():
    """Fail as a program does that is wrong."""
    return {}["nothing"]


def die():
    """Take the process down, as a library can."""
    os.kill(os.getpid(), 9)


def hang():
    """Never end."""
    while True:
        time.sleep(60)


def hog():
    """Take all memory there is."""
    return bytes(100 << 30)


def fail_once(folder, how):
    """Fail the first time, leaving a mark in the folder."""
    mark = Path(folder) / "failed"
    if mark.exists():
        return b"second time"
    mark.touch()
    return how()


class Deadly:
    """Kills the process that unpacks it."""

    def __reduce__(self):
        """Tell pickle to leave."""
        return os._exit, (1,)
