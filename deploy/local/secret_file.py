"""The secrets of one local installation: made once, kept in a file that only its owner reads."""

import base64
import json
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.local.processes import LocalFailure

ROLES = ("identity_owner", "identity_app", "posts_owner", "posts_app")


def make_password() -> str:
    """192 random bits, safe in a URL."""
    return secrets.token_urlsafe(24)


def _make_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


_MAKERS: dict[str, Callable[[], str]] = {
    **{f"{role}_password": make_password for role in ROLES},
    "key_encryption_key": _make_key,
    "posts_client_secret": make_password,
    "admin_password": make_password,
    "demo_password": make_password,
}


def load_secrets(path: Path) -> dict[str, str]:
    """All secrets by name; those the file lacks are made and added, those it has are never changed.

    A file that cannot be understood is refused and left as it is: it may hold the only key to the data.
    """
    known = _read(path)
    missing = {name: make() for name, make in _MAKERS.items() if not known.get(name)}
    if missing:
        known |= missing
        write_private(path, json.dumps(known, indent=2) + "\n")
    path.chmod(0o600)
    return known


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise _unusable(path, str(error)) from error
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise _unusable(path, "not an object of strings")
    return content


def _unusable(path: Path, reason: str) -> LocalFailure:
    return LocalFailure(
        f"{path} cannot be read ({reason}). It holds the keys to the data beside it, so it is left as it is: "
        f"repair it, or move the whole folder {path.parent} away to begin anew."
    )


def write_private(path: Path, text: str) -> None:
    """Replaces the file in one step: other users never see it, and no reader sees half of it."""
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
