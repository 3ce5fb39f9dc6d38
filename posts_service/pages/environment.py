"""The environment of the templates: the filters and globals that they use."""

from datetime import UTC, datetime
from functools import cache
from typing import Final
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from posts_service.pages.assets import assets, import_map

SITE: Final = "Watchword posts"


@cache
def environment() -> Environment:
    """The environment that every page is rendered in. It escapes every text; HTML that the service has sanitized is
    shown by the filter `sanitized`."""
    jinja = Environment(
        loader=PackageLoader("posts_service.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {"day": _day, "instant": _instant, "sanitized": Markup, "with_query": with_query}
    jinja.globals |= {"asset": _path_of, "import_map": import_map(), "module": _module, "site": SITE}
    return jinja


def with_query(path: str, **parameters: str | None) -> str:
    """The path with the parameters that are not None."""
    present = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(present)}" if present else path


def _day(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y}"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _path_of(name: str) -> str:
    return assets()[name].path


def _module(name: str) -> Markup:
    """The element that runs a module."""
    return Markup('<script type="module" src="{}"></script>').format(_path_of(name))
