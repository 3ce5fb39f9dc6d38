"""What the embedded PostgreSQL keeps on disk: its data, its superuser's password, its log."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.local.postgres_programs import PostgresFailed, ServerUser, clean_environment, command_line, program
from deploy.local.processes import end_children, rotate, start_child
from deploy.local.secret_file import make_password, write_private

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
    """The files of one server; everything lies below `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()
        self.path = self._home / "data"
        self.log = self._home / "log"
        self._password_file = self._home / "superuser-password"

    def prepare(self, user: ServerUser, *, durable: bool) -> None:
        """Ready for a server to be started on it as `user`, and no other server on it."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        rotate(self.log)
        if not self.path.exists():
            self._create(user, durable=durable)
        user.take(self.path)
        self._stop_leftover(user)

    def password(self) -> str:
        """The superuser's."""
        return self._password_file.read_text(encoding="utf-8").strip()

    def is_ready(self, pid: int) -> bool:
        """As pg_ctl judges it: by what the server of that process id writes into its pid file."""
        lines = self._pid_file()
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _create(self, user: ServerUser, *, durable: bool) -> None:
        """Under another name until it is whole: what a first start left half done is done again."""
        draft = self._home / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        write_private(self._password_file, make_password() + "\n")
        options = [*_INITDB_OPTIONS, f"--pgdata={draft}", f"--pwfile={self._password_file}"]
        self._finish("initdb", options if durable else [*options, "--no-sync"], user)
        draft.rename(self.path)

    def _stop_leftover(self, user: ServerUser) -> None:
        """Ends the server a killed process left on this data; a mere leftover file is PostgreSQL's own affair."""
        if not self._has_leftover():
            return
        try:
            self._finish("pg_ctl", ["stop", f"--pgdata={self.path}", "--mode=fast", "--timeout=30"], user)
        except PostgresFailed:
            # It may have ended by itself meanwhile, as the death of its parent told it to.
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

    def _finish(self, name: str, arguments: Sequence[str], user: ServerUser) -> None:
        """Runs one of PostgreSQL's programs to its end, undisturbed: half of its work is worth nothing."""
        command = [program(name), *arguments]
        child = start_child(name, command, self.log, environment=clean_environment(), as_user=user.prefix)
        try:
            code = child.process.wait(timeout=_PROGRAM_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise PostgresFailed(f"{name} takes too long:\n{child.last_words()}") from error
        finally:
            end_children([child], patience=5)
        if code != 0:
            raise PostgresFailed(child.failure())
