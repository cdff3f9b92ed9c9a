"""Processes that are killed while they work on a database: before or after a statement or a commit of theirs."""

import os
import signal
import traceback
from contextlib import contextmanager

from sqlalchemy import event, make_url

from billing_engine import open_database


class CrashPoints:
    """One engine that is turned to database after database, and counts where its process could be killed."""

    def __init__(self, url, *, coarse=False):
        """Count points before and after each statement and commit; `coarse` leaves out those after a statement."""
        self.engine = open_database(url)  # one, because an engine has to learn all statements anew
        self._url = url
        self._passed = self._fatal = 0
        event.listen(self.engine, "do_connect", self._connect)
        event.listen(self.engine, "connect", self._hurry)
        event.listen(self.engine, "before_cursor_execute", self._pass)
        if not coarse:
            event.listen(self.engine, "after_cursor_execute", self._pass)
        commit = self.engine.dialect.do_commit

        def committing(connection):
            self._pass()
            commit(connection)
            self._pass()

        self.engine.dialect.do_commit = committing

    @contextmanager
    def at(self, url):
        """Work on a database; nobody has it open afterwards."""
        self._url = url
        yield self.engine
        self.engine.dispose()

    def count(self, url, work):
        """Let work be done on a database; returns at how many points its process could have been killed."""
        self._passed = 0
        with self.at(url) as engine:
            work(engine)
        return self._passed

    def kill(self, point, url, work):
        """Let a process of its own do work on a database, and kill it at a point, which it must reach."""
        child = os.fork()  # this one has no connection open
        if child == 0:
            try:
                self._fatal = point
                self.count(url, work)
            except BaseException:  # noqa: BLE001 - it must not go on as a second test session
                traceback.print_exc()
            os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"the process was not killed at point {point}"
        assert os.WTERMSIG(status) == signal.SIGKILL

    def _connect(self, _dialect, _record, arguments, parameters):
        """Connect to the database that is worked on."""
        if self.engine.dialect.name == "postgresql":
            parameters["dbname"] = make_url(self._url).database
        else:
            arguments[0] = make_url(self._url).database

    def _hurry(self, connection, _record):
        """Leave out what keeps data over a power cut: a process that is killed loses nothing that it wrote."""
        if self.engine.dialect.name == "sqlite":
            connection.execute("PRAGMA synchronous = OFF")

    def _pass(self, *_):
        self._passed += 1
        if self._passed == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)
