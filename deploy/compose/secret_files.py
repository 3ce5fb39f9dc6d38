"""The secrets of one stack: a folder with one file each, created once as a whole and never changed."""

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.administrator import FORMER_NAME, Administrator, choose_administrator
from deploy.common import CommandFailed, make_key, make_password, make_secrets, secret_settings, write_private

_USERNAME, _EMAIL = "ADMIN_USERNAME", "ADMIN_EMAIL"
_SEALING_KEY = "POSTS_PAGES_SEALING_KEY"

OWNER = "STACK"
"""The file with the name of the stack that the secrets belong to."""

_START_OVER = "put it back, or start over after `make down VOLUMES=1`"


def secrets_exist(folder: Path) -> bool:
    """Return whether anything is in the folder."""
    return folder.exists() and any(folder.iterdir())


def ensure_secrets(
    folder: Path, stack: str, volumes: Iterable[str], administrator: Administrator | None = None
) -> None:
    """Create the secrets if there are none, for this first administrator; default: one named as the user here.

    Raises CommandFailed if some are missing, if they belong to another stack, if there are none although one of
    `volumes` has the database that was created with them, and if the folder has files, but none of ours.
    """
    if secrets_exist(folder):
        _ensure_has_own_files(folder)
        _name_former_administrator(folder)
        _add_sealing_key(folder)
        _ensure_complete(folder, stack)
    elif f"{stack}_postgres" in volumes:
        raise CommandFailed(f"{folder} has no secrets, but the database that belongs to them exists: {_START_OVER}")
    else:
        _create(folder, stack, administrator or choose_administrator())


def read_administrator(folder: Path) -> Administrator:
    """The first administrator of the stack with these secrets."""
    return Administrator(*((folder / name).read_text().strip() for name in (_USERNAME, _EMAIL)))


def delete_secrets(folder: Path) -> None:
    """Delete the files that `ensure_secrets` creates, and the folder if nothing else is in it."""
    for name in (*_names(), OWNER):
        (folder / name).unlink(missing_ok=True)
    if folder.exists() and not any(folder.iterdir()):
        folder.rmdir()


def _create(folder: Path, stack: str, administrator: Administrator) -> None:
    """Write all files into a folder beside it, then rename that: no half of a set is ever in place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}."))
    _write(draft, _new_secrets() | _files_of(administrator) | {OWNER: stack})
    draft.rename(folder)


def _name_former_administrator(folder: Path) -> None:
    """Write how earlier releases named the administrator, if they have made the folder."""
    is_former = (folder / "ADMIN_PASSWORD").is_file() and not (folder / _USERNAME).exists()
    if is_former:
        _write(folder, _files_of(choose_administrator(FORMER_NAME)))


def _add_sealing_key(folder: Path) -> None:
    """Make the sealing key if the folder has none, as one of an earlier release. If a key was lost, people sign in on
    the pages again, and nothing else is lost."""
    if (folder / "POSTS_CLIENT_SECRET").is_file() and not (folder / _SEALING_KEY).exists():
        _write(folder, {_SEALING_KEY: make_key()})


def _files_of(administrator: Administrator) -> dict[str, str]:
    # The username last: as long as it is missing, both are written again.
    return {_EMAIL: administrator.email, _USERNAME: administrator.username}


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, value in files.items():
        write_private(folder / name, value)
        # Readable for the user inside the container; on this machine the folder's mode keeps other users out.
        (folder / name).chmod(0o444)


def _ensure_has_own_files(folder: Path) -> None:
    """Raise CommandFailed if no file of the folder is one of ours: to start over would leave those files there."""
    others = sorted(path.name for path in folder.iterdir())
    if not {*_names(), OWNER}.intersection(others):
        raise CommandFailed(
            f"{folder} has no secrets of this stack, but {others[0]}: move it elsewhere, since the folder is created as"
            " a whole"
        )


def _ensure_complete(folder: Path, stack: str) -> None:
    for name in _names():
        path = folder / name
        if not path.is_file() or not path.read_text().strip():
            problem = "is empty" if path.is_file() else "is missing"
            raise CommandFailed(f"{name} {problem} in {folder}. The database needs the secret it had: {_START_OVER}")
    owner = folder / OWNER
    if owner.is_file() and owner.read_text() != stack:
        raise CommandFailed(f"the secrets in {folder} belong to the stack {owner.read_text()}, not to {stack}")


def _names() -> tuple[str, ...]:
    return *_new_secrets(), _USERNAME, _EMAIL


def _new_secrets() -> dict[str, str]:
    """Return a new value for every file, by name."""
    secrets = make_secrets()
    return secret_settings(secrets, "postgres") | {
        "POSTGRES_PASSWORD": make_password(),
        "ADMIN_PASSWORD": secrets["admin_password"],
    }
