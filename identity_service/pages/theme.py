"""The files of the pages: ours, each of which a team's folder can replace. They are read once, at start."""

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

from identity_service.pages.errors import ThemeRefused
from identity_service.pages.texts import Texts

MAX_FILE_BYTES: Final = 1_048_576
TEXTS: Final = "texts.toml"
TEMPLATES: Final = (
    "ask.html",
    "base.html",
    "button.html",
    "done.html",
    "error.html",
    "fields.html",
    "reset_password.html",
    "sign_up.html",
)
ASSETS: Final = {"styles.css": "text/css; charset=utf-8", "logo.svg": "image/svg+xml"}
_OWN: Final = {
    **{name: f"templates/{name}" for name in TEMPLATES},
    **{name: f"static/{name}" for name in ASSETS},
    TEXTS: TEXTS,
}


class Asset(NamedTuple):
    content: bytes
    media_type: str


class Theme:
    """The templates by name, the assets by the name that they are served by, and the texts.

    An asset's name has a digest of its content, so that a browser may keep it for ever.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Raises ThemeRefused, which names the file, for a folder with a file that is unknown or cannot be used."""
        contents = {name: _own_file(path) for name, path in _OWN.items()}
        replaced = _files_of(folder) if folder is not None else {}
        self.texts = Texts(_toml(contents.pop(TEXTS)), _toml(replaced.pop(TEXTS, b"")))
        contents |= replaced
        self.templates = {name: _text(name, contents[name]) for name in TEMPLATES}
        self.assets: dict[str, Asset] = {}
        self.asset_names: dict[str, str] = {}
        for name, media_type in ASSETS.items():
            stem, _, suffix = name.rpartition(".")
            served = f"{stem}.{sha256(contents[name]).hexdigest()[:16]}.{suffix}"
            self.assets[served] = Asset(contents[name], media_type)
            self.asset_names[name] = served


def _own_file(path: str) -> bytes:
    return (resources.files("identity_service.pages") / path).read_bytes()


def _files_of(folder: Path) -> dict[str, bytes]:
    """The files of a team's folder. Hidden ones are left alone: an editor or a volume of Kubernetes makes them."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        for path in paths:
            if path.name not in _OWN:
                raise ThemeRefused(f"{path}: no page uses a file of this name; there are {', '.join(sorted(_OWN))}")
            if path.stat().st_size > MAX_FILE_BYTES:
                raise ThemeRefused(f"{path} has more than {MAX_FILE_BYTES} bytes")
        return {path.name: path.read_bytes() for path in paths}
    except OSError as error:
        raise ThemeRefused(f"{error.filename} cannot be read: {error.strerror}") from None


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ThemeRefused(f"{name} is not UTF-8") from None


def _toml(content: bytes) -> Mapping[str, object]:
    try:
        return tomllib.loads(_text(TEXTS, content))
    except tomllib.TOMLDecodeError as error:
        raise ThemeRefused(f"{TEXTS} cannot be read: {error}") from None
