"""The secrets of one stack: a folder of files, made once and whole, never changed and never guessed."""

import base64
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.local.processes import LocalFailure
from deploy.local.secret_file import make_password


def ensure_secrets(folder: Path) -> bool:
    """Make the folder where there is none; True if so. Raises LocalFailure where one is there and lacks something."""
    if folder.exists():
        for name in _fresh():
            _ensure_there(folder / name)
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    for name, value in _fresh().items():
        # Readable for the user inside the container; on this machine the folder keeps others out.
        (draft / name).write_text(value)
        (draft / name).chmod(0o444)
    draft.rename(folder)
    return True


def _fresh() -> Mapping[str, str]:
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
    return f"postgresql://{role}:{make_password()}@postgres/postern"


def _ensure_there(path: Path) -> None:
    if path.is_file() and path.read_text().strip():
        return
    what = "is empty" if path.is_file() else "is missing"
    raise LocalFailure(
        f"{path.name} {what} in {path.parent}. The database belongs to the secrets that were there: put it back, "
        "or begin anew after `make down VOLUMES=1`."
    )
