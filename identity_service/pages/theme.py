"""The files of the pages: ours, each of which a team's folder can replace. They are read once, at start."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from identity_service.pages.errors import ThemeRefused
from identity_service.pages.samples import FRAMES, PAGES
from identity_service.pages.texts import Texts
from watchword.service.assets import Asset
from watchword.service.styles import foundation

MAX_FILE_BYTES: Final = 1_048_576
TEXTS: Final = "texts.toml"
STYLES: Final = "styles.css"
TEMPLATES: Final = (*FRAMES, *PAGES)
ASSETS: Final = {
    STYLES: "text/css; charset=utf-8",
    "logo.svg": "image/svg+xml",
    "form_post.js": "text/javascript; charset=utf-8",
    "passkeys.js": "text/javascript; charset=utf-8",
}
_OWN: Final = {
    **{name: f"templates/{name}" for name in TEMPLATES},
    **{name: f"static/{name}" for name in ASSETS},
    TEXTS: TEXTS,
}


class Theme:
    """The templates by name, the assets by the name that they are served by, and the texts.

    An asset's name has a digest of its content, so that a browser may keep it for ever. Two themes with the
    same replacements are equal.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Raises ThemeRefused, which names the file, for a folder with a file that is unknown or cannot be used."""
        replaced = _files_of(folder) if folder is not None else {}
        self._replaced = tuple(replaced.items())
        own = _own_files()
        contents = {**own, **replaced}
        self.texts = Texts(_toml(own[TEXTS]), _toml(replaced.get(TEXTS, b"")))
        self.templates = {name: _text(name, contents[name]) for name in TEMPLATES}
        files = {name: Asset.of(name, contents[name], media_type) for name, media_type in ASSETS.items()}
        self.assets = {asset.name: asset for asset in files.values()}
        self._asset_paths = {name: asset.path for name, asset in files.items()}

    def asset_path(self, name: str) -> str:
        """The path that the asset of this name is served at."""
        return self._asset_paths[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Theme) and self._replaced == other._replaced

    def __hash__(self) -> int:
        return hash(self._replaced)


@cache
def _own_files() -> Mapping[str, bytes]:
    ours = resources.files("identity_service.pages")
    files = {name: (ours / path).read_bytes() for name, path in _OWN.items()}
    return {**files, STYLES: foundation() + files[STYLES]}


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
