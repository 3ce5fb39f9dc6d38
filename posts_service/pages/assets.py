"""The files that the pages load, and the import map of the modules among them."""

import base64
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Final

import orjson

from watchword.service.assets import Asset
from watchword.service.styles import foundation

_MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_LIBRARIES: Final = {"preact": "preact.mjs", "preact/hooks": "hooks.mjs", "htm": "htm.mjs"}
"""The vendored modules by the names that they are imported by."""


@cache
def assets() -> Mapping[str, Asset]:
    """Every file, by the name that it has here."""
    static = resources.files("posts_service.pages") / "static"
    files = [file for folder in (static, static / "lib") for file in folder.iterdir()]
    contents = {file.name: file.read_bytes() for file in files if _suffix(file.name) in _MEDIA_TYPES}
    contents["styles.css"] = foundation() + contents.pop("posts.css")
    return {name: _asset(name, content) for name, content in contents.items()}


@cache
def served_assets() -> Mapping[str, Asset]:
    """Every file, by the name that it is served by."""
    return {asset.name: asset for asset in assets().values()}


@cache
def import_map() -> str:
    """The import map: modules import each other by the names that they have here, and libraries by their own."""
    own = {f"/assets/{name}": asset.path for name, asset in sorted(assets().items()) if name.endswith(".js")}
    libraries = {name: assets()[file].path for name, file in _LIBRARIES.items()}
    return orjson.dumps({"imports": libraries | own}).decode()


@cache
def import_map_hash() -> str:
    """The source expression that admits the import map, and no other inline script (CSP level 3 section 2.3.1)."""
    return f"'sha256-{base64.b64encode(sha256(import_map().encode()).digest()).decode()}'"


def _asset(name: str, content: bytes) -> Asset:
    return Asset.of(name, content, _MEDIA_TYPES[_suffix(name)])


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]
