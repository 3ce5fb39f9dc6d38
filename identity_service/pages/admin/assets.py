"""The files that the pages of the administration load beside the logo. No team's folder replaces them."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from watchword.service.assets import Asset
from watchword.service.styles import foundation

STYLES: Final = "administration.css"
HTMX: Final = "htmx.min.js"
EARLY_INPUT: Final = "early_input.js"
_JAVASCRIPT: Final = "text/javascript; charset=utf-8"


@cache
def admin_assets() -> Mapping[str, Asset]:
    """Each file by the name that it has here."""
    static = resources.files("identity_service.pages.admin") / "static"
    style = foundation() + (static / STYLES).read_bytes()
    return {
        STYLES: Asset.of(STYLES, style, "text/css; charset=utf-8"),
        **{name: Asset.of(name, (static / name).read_bytes(), _JAVASCRIPT) for name in (HTMX, EARLY_INPUT)},
    }
