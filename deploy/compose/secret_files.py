"""The secrets of one stack: a folder of files, made once and whole, never changed and never guessed."""

import base64
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from deploy.local.processes import LocalFailure
from deploy.local.secret_file import make_password, write_private

OWNER = "STACK"
"""The file that says whose they are."""


def ensure_secrets(folder: Path, stack: str, volumes: Iterable[str]) -> bool:
    """Make them where there are none; True if so.

    Raises LocalFailure where some are there and others not, where they are another stack's, and where these volumes
    hold a database that has been made with others.
    """
    if folder.exists() and any(folder.iterdir()):
        _ensure_whole(folder, stack)
        return False
    if f"{stack}_postgres" in volumes:
        raise LocalFailure(
            f"there are no secrets in {folder}, but the database that belongs to them is there: put them back, or begin"
            " anew after `make down VOLUMES=1`"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}."))
    for name, value in (_fresh() | {OWNER: stack}).items():
        write_private(draft / name, value)
        # Readable for the user inside the container; on this machine the folder keeps others out.
        (draft / name).chmod(0o444)
    draft.rename(folder)
    return True


def delete_secrets(folder: Path) -> None:
    """Those that `ensure_secrets` makes, and the folder if nothing else is in it."""
    for name in (*_fresh(), OWNER):
        (folder / name).unlink(missing_ok=True)
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def _ensure_whole(folder: Path, stack: str) -> None:
    for name in _fresh():
        path = folder / name
        if not path.is_file() or not path.read_text().strip():
            what = "is empty" if path.is_file() else "is missing"
            raise LocalFailure(
                f"{name} {what} in {folder}. The database belongs to the secret that was there: put it back, or begin"
                " anew after `make down VOLUMES=1`"
            )
    owner = folder / OWNER
    if owner.is_file() and owner.read_text() != stack:
        raise LocalFailure(f"the secrets in {folder} are those of the stack {owner.read_text()}, not of {stack}")


def _fresh() -> dict[str, str]:
    return {
        "POSTGRES_PASSWORD": make_password(),
        "IDENTITY_DATABASE_URL": _url("identity_app"),
        "IDENTITY_MIGRATION_DATABASE_URL": _url("identity_owner"),
        "IDENTITY_KEY_ENCRYPTION_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "POSTS_DATABASE_URL": _url("posts_app"),
        "POSTS_MIGRATION_DATABASE_URL": _url("posts_owner"),
        "POSTS_CLIENT_SECRET": make_password(),
        "ADMIN_PASSWORD": make_password(),
    }


def _url(role: str) -> str:
    return f"postgresql://{role}:{make_password()}@postgres/watchword"
