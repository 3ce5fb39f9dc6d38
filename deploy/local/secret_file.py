"""The secrets of one local installation: created once, in a file that only its owner can read."""

import json
from pathlib import Path

from deploy.administrator import FORMER_NAME, Administrator, choose_administrator, email_of, ensure_same
from deploy.common import SECRETS, CommandFailed, make_password, write_private

_MAKERS = {**SECRETS, "demo_password": make_password}


def load_secrets(path: Path, administrator: str | None = None) -> dict[str, str]:
    """Return all secrets by name, and the name of the first administrator, `admin_username`. Missing ones are created
    and written, existing ones never change.

    Raises CommandFailed if the file cannot be parsed, and leaves it as it is: it may hold the only key to the data; or
    if the administrator must be called `administrator` and is called otherwise already.
    """
    secrets = _read(path)
    missing = {name: make() for name, make in _MAKERS.items() if not secrets.get(name)}
    if not secrets.get("admin_username"):
        is_former = bool(secrets.get("admin_password"))
        missing["admin_username"] = FORMER_NAME if is_former else choose_administrator(administrator).username
    name = (secrets | missing)["admin_username"]
    ensure_same(Administrator(name, email_of(name)), administrator, None, path)
    if missing:
        secrets |= missing
        write_private(path, json.dumps(secrets, indent=2) + "\n")
    path.chmod(0o600)
    return secrets


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


def _unusable(path: Path, reason: str) -> CommandFailed:
    return CommandFailed(
        f"{path} cannot be read ({reason}). It holds the keys to the data beside it and was not changed: "
        f"repair it, or move the whole folder {path.parent} away to start over."
    )
