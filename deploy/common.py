"""What the commands in this folder share: their error, files of secrets, the list of secrets, locks, exit statuses.

It needs nothing but the standard library: `make up` runs without a virtual environment.
"""

import base64
import fcntl
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SERVICES = ("identity", "posts")
DATABASE = "watchword"
DATABASE_URLS = {
    "identity_owner": "IDENTITY_MIGRATION_DATABASE_URL",
    "identity_app": "IDENTITY_DATABASE_URL",
    "posts_owner": "POSTS_MIGRATION_DATABASE_URL",
    "posts_app": "POSTS_DATABASE_URL",
}
"""The roles in the database, each with the setting that holds its URL."""

ROLES = tuple(DATABASE_URLS)


class CommandFailed(Exception):
    """A command could not do its work. The message is for the person who typed it."""


def exit_status(command: str, action: Callable[[], int | None]) -> int:
    """Run `action` and return its status: 1 after a failure, which is printed in one message, 130 after Ctrl-C."""
    try:
        return action() or 0
    except (CommandFailed, OSError) as failure:
        print(f"make {command}: {failure}", file=sys.stderr)  # noqa: T201 - for the person at the terminal
        return 1
    except KeyboardInterrupt:
        return 130


def make_password() -> str:
    """Return 192 random bits, safe in a URL."""
    return secrets.token_urlsafe(24)


def make_key() -> str:
    """Return a key for encryption: 256 random bits in base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


SECRETS: Mapping[str, Callable[[], str]] = {
    **{f"{role}_password": make_password for role in ROLES},
    "key_encryption_key": make_key,
    "posts_client_secret": make_password,
    "posts_sealing_key": make_key,
    "admin_password": make_password,
}
"""The secrets that every installation has, by name, each with the function that makes one."""


def make_secrets() -> dict[str, str]:
    """Make a whole set of secrets."""
    return {name: make() for name, make in SECRETS.items()}


def secret_settings(secrets: Mapping[str, str], server: str) -> dict[str, str]:
    """Return the settings of both services that hold a secret, for a PostgreSQL at `server` (host, or host:port)."""
    urls = {
        variable: f"postgresql://{role}:{secrets[f'{role}_password']}@{server}/{DATABASE}"
        for role, variable in DATABASE_URLS.items()
    }
    return urls | {
        "IDENTITY_KEY_ENCRYPTION_KEY": secrets["key_encryption_key"],
        "POSTS_CLIENT_SECRET": secrets["posts_client_secret"],
        "POSTS_PAGES_SEALING_KEY": secrets["posts_sealing_key"],
    }


def write_private(path: Path, text: str) -> None:
    """Replace the file in one step: only its owner can read it, and no reader sees half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise


@contextmanager
def exclusive_lock(path: Path, refusal: str) -> Iterator[None]:
    """Hold the lock that this file stands for, and write our process id into it.

    Raises CommandFailed with `refusal` if another process holds it; "{holder}" in that text becomes its process id.
    The kernel releases the lock of a dead process, so a file that was left behind does no harm.
    """
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise CommandFailed(refusal.replace("{holder}", file.read().strip() or "unknown")) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
