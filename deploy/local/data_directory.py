"""The files of an embedded PostgreSQL: its data, its superuser's password, its log."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.common import make_password, write_private
from deploy.local.postgres_programs import PostgresFailed, ServerUser, clean_environment, command_line, program
from deploy.local.processes import end_children, rotate, start_child

SUPERUSER = "postgres"
_PROGRAM_SECONDS = 60
_INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",  # sorts and compares alike on every machine
    "--builtin-locale=C.UTF-8",
    "--text-search-config=english",
    "--no-instructions",
)


class DataDirectory:
    """The files of one server, all below `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()
        self.path = self._home / "data"
        self.log = self._home / "log"
        self._password_file = self._home / "superuser-password"

    def prepare(self, user: ServerUser, *, durable: bool) -> None:
        """Create the data directory if necessary, and stop a server that is still running on it."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        rotate(self.log)
        if not self.path.exists():
            self._create(user, durable=durable)
        user.take_ownership(self.path)
        self._stop_leftover(user)

    def password(self) -> str:
        """Read the superuser's password."""
        return self._password_file.read_text(encoding="utf-8").strip()

    def is_ready(self, pid: int) -> bool:
        """Return whether the server with this process id is ready: like pg_ctl, by what it writes into its pid file."""
        lines = self._pid_file()
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _create(self, user: ServerUser, *, durable: bool) -> None:
        """Run initdb in another folder and rename that, so that an interrupted first start is repeated."""
        draft = self._home / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        write_private(self._password_file, make_password() + "\n")
        options = [*_INITDB_OPTIONS, f"--pgdata={draft}", f"--pwfile={self._password_file}"]
        self._run_to_end("initdb", options if durable else [*options, "--no-sync"], user)
        draft.rename(self.path)

    def _stop_leftover(self, user: ServerUser) -> None:
        """Stop a server that a killed process left running. A pid file without a server is left to PostgreSQL."""
        if not self._has_leftover():
            return
        try:
            self._run_to_end("pg_ctl", ["stop", f"--pgdata={self.path}", "--mode=fast", "--timeout=30"], user)
        except PostgresFailed:
            # It may have stopped by itself meanwhile, because its parent had died.
            if self._has_leftover():
                raise

    def _has_leftover(self) -> bool:
        lines = self._pid_file()
        return bool(lines) and lines[0].isdigit() and f"-D {self.path} " in command_line(int(lines[0]))

    def _pid_file(self) -> list[str]:
        try:
            return (self.path / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _run_to_end(self, name: str, arguments: Sequence[str], user: ServerUser) -> None:
        """Run one of PostgreSQL's programs. Ctrl-C does not interrupt it: half of its work would be useless."""
        command = [program(name), *arguments]
        child = start_child(name, command, self.log, environment=clean_environment(), user_command=user.command)
        try:
            code = child.process.wait(timeout=_PROGRAM_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise PostgresFailed(f"{name} takes too long:\n{child.log_tail()}") from error
        finally:
            end_children([child], timeout_seconds=5)
        if code != 0:
            raise PostgresFailed(child.failure())
