"""The files that pages load. Their names have a digest of their content, so that a browser may keep them for ever."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Final, NamedTuple

_MEDIA_TYPES: Final = {"mine.js": "text/javascript; charset=utf-8", "pages.css": "text/css; charset=utf-8"}


class Asset(NamedTuple):
    name: str
    content: bytes
    media_type: str

    @property
    def path(self) -> str:
        return f"/assets/{self.name}"


@cache
def assets() -> Mapping[str, Asset]:
    """Every file, by the name that it has here."""
    folder = resources.files("posts_service.pages") / "static"
    return {name: _asset(name, (folder / name).read_bytes()) for name in _MEDIA_TYPES}


@cache
def served_assets() -> Mapping[str, Asset]:
    """Every file, by the name that it is served by."""
    return {asset.name: asset for asset in assets().values()}


def _asset(name: str, content: bytes) -> Asset:
    stem, _, suffix = name.rpartition(".")
    return Asset(f"{stem}.{sha256(content).hexdigest()[:16]}.{suffix}", content, _MEDIA_TYPES[name])
