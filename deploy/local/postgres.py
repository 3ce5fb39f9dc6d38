"""The embedded PostgreSQL: a real server from a Python wheel, run as a child of this process."""

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.data_directory import SUPERUSER, DataDirectory
from deploy.local.postgres_programs import PostgresFailed, ServerUser, clean_environment, program
from deploy.local.processes import Child, any_free_port, end_children, is_port_free, start_child
from deploy.local.psql import psql
from deploy.local.secret_file import ROLES

__all__ = ["EmbeddedPostgres", "PostgresFailed", "prepare_database"]

INIT_SQL = Path(__file__).parents[1] / "postgres" / "init.sql"
_START_SECONDS = 60
_PORT_ATTEMPTS = 5
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
)
_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class EmbeddedPostgres:
    """One server and its data under `home`; reachable on 127.0.0.1 alone, by password alone.

    It is a child process. On Linux it ends with the thread that started it, even by kill -9; elsewhere what a
    killed process left running is ended by the next start. Not durable is fast, and gives up the data with the
    machine's power, and the last commits with kill -9.
    `pause` is called between two looks while a start is awaited; what it raises calls the start off.
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
        self._child: Child | None = None
        self._lifeline: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """Kept over restarts, so that addresses handed out stay good."""
        if self._port is None:
            raise PostgresFailed("PostgreSQL has no port before it is started")
        return self._port

    @property
    def child(self) -> Child:
        """The postmaster; a server that is not started has none."""
        if self._child is None:
            raise PostgresFailed("PostgreSQL is not started")
        return self._child

    def superuser_url(self, database: str) -> str:
        """For tests and set-up only: the services have roles of their own."""
        return f"postgresql://{SUPERUSER}:{self._data.password()}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Returns when connections are accepted; makes the data directory where there is none."""
        if self._child is not None:
            raise PostgresFailed("PostgreSQL is started already")
        user = ServerUser.find()
        self._data.prepare(user, durable=self._durable)
        for port in self._ports():
            self._launch(port, user)
            if self._await_ready():
                return
        raise PostgresFailed("PostgreSQL found no free port")

    def stop(self, *, hurried: Callable[[], bool] = lambda: False) -> None:
        """A fast shutdown: clients are cut off, all data is written. Waits until no process of it is left."""
        self._end((signal.SIGINT, signal.SIGQUIT), hurried)

    def restart(self) -> None:
        """Stop and start, on the same port."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """Kill -9 for the postmaster; returns when its children have noticed and are gone. For tests."""
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
        """See `deploy.local.psql`; the superuser's password is known, another user's is asked for."""
        password = self._data.password() if password is None else password
        return psql(self.port, user, password, database, script, variables or {})

    def ensure_database(self, name: str) -> None:
        """Creates the database unless it is there."""
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
        settings = (f"port={port}", *_SETTINGS, *(() if self._durable else _FORGETFUL))
        # Every process of the server holds the writing end; it reads as ended when the last of them is gone.
        self._lifeline, held_by_server = os.pipe()
        try:
            self._child = start_child(
                "PostgreSQL",
                [program("postgres"), "-D", str(self._data.path), *(f"--{setting}" for setting in settings)],
                self._data.log,
                environment=clean_environment(),
                on_our_death=signal.SIGINT,
                as_user=user.prefix,
                pass_fds=(held_by_server,),
            )
        finally:
            os.close(held_by_server)
        self._port = port

    def _await_ready(self) -> bool:
        """False when the port it was to have was taken in between, and another may be tried."""
        deadline = time.monotonic() + _START_SECONDS
        try:
            while self.child.is_alive():
                if self._data.is_ready(self.child.process.pid):
                    return True
                if time.monotonic() > deadline:
                    raise PostgresFailed(f"PostgreSQL does not get ready:\n{self.child.last_words()}")
                self._pause(0.02)
            if self._wanted_port is None and not is_port_free(self.port):
                self.kill()
                return False
            raise PostgresFailed(self.child.failure())
        except BaseException:
            self.stop(hurried=lambda: True)
            raise

    def _end(self, signals: Sequence[signal.Signals], hurried: Callable[[], bool]) -> None:
        if self._child is None or self._lifeline is None:
            return
        end_children([self._child], signals, patience=30, hurried=hurried)
        with selectors.DefaultSelector() as selector:
            selector.register(self._lifeline, selectors.EVENT_READ)
            if not selector.select(timeout=30):
                raise PostgresFailed("PostgreSQL left processes behind that do not end")
        os.close(self._lifeline)
        self._child = self._lifeline = None


def prepare_database(server: EmbeddedPostgres, database: str, passwords: Mapping[str, str]) -> None:
    """The database with its roles and schemas, whether or not it was there; `passwords` by role."""
    server.ensure_database(database)
    server.psql(database, INIT_SQL, {f"{role}_password": passwords[role] for role in ROLES})
