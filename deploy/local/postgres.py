"""The embedded PostgreSQL: a real server from a Python package, run as a child of this process."""

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.common import ROLES
from deploy.local.data_directory import SUPERUSER, DataDirectory
from deploy.local.postgres_programs import PostgresFailed, ServerUser, clean_environment, program
from deploy.local.processes import ChildProcess, any_free_port, end_children, is_port_free, start_child
from deploy.local.psql import Login, psql

__all__ = ["EmbeddedPostgres", "PostgresFailed", "prepare_database"]

INIT_SQL = Path(__file__).parents[1] / "postgres" / "init.sql"
_START_SECONDS = 60
_STOP_SECONDS = 30
_PORT_ATTEMPTS = 5
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
)
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class EmbeddedPostgres:
    """One server with its data under `home`, reachable on 127.0.0.1 only and with a password only.

    It is a child process. On Linux it stops with the thread that started it, even after kill -9; elsewhere the next
    start stops what a killed process left running. A server that is not durable is fast, but loses its data if the
    machine fails, and its last commits at kill -9.
    `pause` is called while a start is awaited; an exception from it cancels the start.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._data = DataDirectory(home)
        self._wanted_port = port
        self._port = port
        self._durable = durable
        self._pause = pause
        self._child: ChildProcess | None = None
        self._exit_pipe: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port, the same after a restart so that URLs stay valid."""
        if self._port is None:
            raise PostgresFailed("PostgreSQL has no port before it is started")
        return self._port

    @property
    def child(self) -> ChildProcess:
        """The postmaster process of a started server."""
        if self._child is None:
            raise PostgresFailed("PostgreSQL is not started")
        return self._child

    def superuser_url(self, database: str) -> str:
        """Return a superuser's URL, for tests and set-up only: the services have roles of their own."""
        return f"postgresql://{SUPERUSER}:{self._data.password()}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Return when connections are accepted. Creates the data directory if necessary."""
        if self._child is not None:
            raise PostgresFailed("PostgreSQL is started already")
        user = ServerUser.choose()
        self._data.prepare(user, durable=self._durable)
        for port in self._ports():
            self._launch(port, user)
            if self._becomes_ready():
                return
        raise PostgresFailed("PostgreSQL could not get a free port")

    def stop(self, *, is_urgent: Callable[[], bool] = lambda: False) -> None:
        """Shut down: disconnect the clients, write all data, and wait until no process of the server is left."""
        self._end((signal.SIGINT, signal.SIGQUIT), is_urgent)

    def restart(self) -> None:
        """Stop and start, on the same port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kill the postmaster with -9 and wait until its children have noticed and ended. For tests."""
        self._end((), lambda: True)

    def psql(
        self,
        database: str,
        script: str | Path,
        variables: Mapping[str, str] | None = None,
        *,
        user: str = SUPERUSER,
        password: str | None = None,
    ) -> str:
        """Run a script as `deploy.local.psql` does. Any user but the superuser needs a password."""
        login = Login(self.port, database, user, self._data.password() if password is None else password)
        return psql(login, script, variables or {})

    def ensure_database(self, name: str) -> None:
        """Create the database if it does not exist."""
        missing = "WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name')"
        self.psql("postgres", f"SELECT format('CREATE DATABASE %I', :'name') {missing} \\gexec", {"name": name})

    def _ports(self) -> Iterator[int]:
        if self._wanted_port is not None:
            yield self._wanted_port
            return
        if self._port is not None:
            yield self._port
        yield from (any_free_port() for _ in range(_PORT_ATTEMPTS))

    def _launch(self, port: int, user: ServerUser) -> None:
        settings = (f"port={port}", *_SETTINGS, *(() if self._durable else _NOT_DURABLE))
        # Every process of the server inherits the writing end: the reading end is at its end when the last has exited.
        self._exit_pipe, writing_end = os.pipe()
        try:
            self._child = start_child(
                "PostgreSQL",
                [program("postgres"), "-D", str(self._data.path), *(f"--{setting}" for setting in settings)],
                self._data.log,
                environment=clean_environment(),
                signal_if_orphaned=signal.SIGINT,
                user_command=user.command,
                pass_fds=(writing_end,),
            )
        finally:
            os.close(writing_end)
        self._port = port

    def _becomes_ready(self) -> bool:
        """Wait until the server is ready. False if another program took its port first and the next may be tried."""
        deadline = time.monotonic() + _START_SECONDS
        try:
            while self.child.is_alive():
                if self._data.is_ready(self.child.process.pid):
                    return True
                if time.monotonic() > deadline:
                    raise PostgresFailed(f"PostgreSQL does not become ready:\n{self.child.log_tail()}")
                self._pause(0.02)
            if self._wanted_port is None and not is_port_free(self.port):
                self.kill()
                return False
            raise PostgresFailed(self.child.failure())
        except BaseException:
            self.stop(is_urgent=lambda: True)
            raise

    def _end(self, signals: Sequence[signal.Signals], is_urgent: Callable[[], bool]) -> None:
        if self._child is None or self._exit_pipe is None:
            return
        end_children([self._child], signals, timeout_seconds=_STOP_SECONDS, is_urgent=is_urgent)
        with selectors.DefaultSelector() as selector:
            selector.register(self._exit_pipe, selectors.EVENT_READ)
            if not selector.select(timeout=_STOP_SECONDS):
                raise PostgresFailed("PostgreSQL left processes behind that do not end")
        os.close(self._exit_pipe)
        self._child = self._exit_pipe = None


def prepare_database(server: EmbeddedPostgres, database: str, passwords: Mapping[str, str]) -> None:
    """Create the database, its roles and schemas if they do not exist, and set the roles' `passwords`."""
    server.ensure_database(database)
    server.psql(database, INIT_SQL, {f"{role}_password": passwords[role] for role in ROLES})
