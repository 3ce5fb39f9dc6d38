"""The pages of the administration as responses."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from starlette.responses import HTMLResponse, Response

from identity_service.pages.admin.assets import admin_assets
from identity_service.pages.admin.navigation import SECTIONS
from identity_service.pages.environment import time_in_utc
from identity_service.pages.forms import NOTHING, Form
from identity_service.pages.rendering import RETRY_SECONDS, Pages, page_fields
from identity_service.pages.texts import Texts
from identity_service.user_agents import device_name

# htmx must neither evaluate texts as scripts, nor keep pages in the browser's storage, nor write styles into the page.
_HTMX_CONFIG: Final = json.dumps(
    {
        "allowEval": False,
        "allowScriptTags": False,
        "historyCacheSize": 0,
        "includeIndicatorStyles": False,
        "refreshOnHistoryMiss": True,
        "responseHandling": [
            {"code": "[23]..", "swap": True},
            {"code": "[45]..", "swap": True, "error": True, "target": "#content", "select": "#content"},
        ],
    }
)
_FIELDS: Final = page_fields(scripts=True, requests=True)
_OWN_CODES: Final = "error_page"
_WITHOUT_NAVIGATION: Final = frozenset({"network_not_allowed", "not_an_administrator"})


class AdminPages:
    """Renders the pages of the administration. They are the same in every installation, but for its name and logo."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._texts = _texts()
        theme = pages.theme
        self.served_assets = {**theme.assets, **{asset.name: asset for asset in admin_assets().values()}}
        self._words = {
            "site_name": theme.texts["site"]["name"],
            "logo": theme.asset_path("logo.svg"),
            "problems": {},
            "form": NOTHING,
            "administrator": None,
            "notice": None,
            "obedience": None,
            "stale": None,
        }

    def page(self, name: str, section: str, path: str, form: Form[Any] = NOTHING, **words: Any) -> Response:
        """The page of this template at this path, with the texts of a section. 412 with a `stale` form, which was about
        something that has changed meanwhile: the page says what was in it; 422 if the form has flaws."""
        problems = {flaw.field: self._texts.flaw(flaw.field, flaw.code, flaw.advice) for flaw in form.flaws}
        status = 412 if words.get("stale") is not None else 422 if problems else 200
        return self._render(name, status, section=section, path=path, form=form, problems=problems, **words)

    def error(self, status: int, code: str, retry_after: str | None) -> Response:
        """The page that says what a refusal means; `retry_after` is in how many seconds to try again."""
        if code in self._texts[_OWN_CODES]:
            text = self._texts.error(code, seconds=retry_after or RETRY_SECONDS)
        else:
            text = self._pages.error_text(code, retry_after)
        has_navigation = code not in _WITHOUT_NAVIGATION
        return self._render("error.html", status, section=_OWN_CODES, path="", text=text, has_navigation=has_navigation)

    def _render(self, name: str, status: int, *, section: str, **words: Any) -> Response:
        words = {"has_navigation": True, **self._words, **words, "section": self._texts[section]}
        return HTMLResponse(_environment().get_template(name).render(words), status, _FIELDS)


@cache
def _texts() -> Texts:
    return Texts(tomllib.loads((resources.files("identity_service.pages.admin") / "texts.toml").read_text()), {})


@cache
def _environment() -> Environment:
    folder = resources.files("identity_service.pages.admin") / "templates"
    environment = Environment(
        loader=DictLoader({file.name: file.read_text() for file in folder.iterdir()}),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"time": time_in_utc, "json": _json}
    environment.globals |= {
        "texts": _texts(),
        "asset": lambda name: admin_assets()[name].path,
        "device": lambda user_agent: _texts().device(device_name(user_agent)),
        "pairs": _pairs,
        "triples": _triples,
        "sections": SECTIONS,
        "htmx_config": _HTMX_CONFIG,
    }
    return environment


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _pairs(values: Iterable[str], texts: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Each value with its text; without texts, a value is its own."""
    return [(value, value if texts is None else texts[value]) for value in values]


def _triples(values: Iterable[str], texts: Mapping[str, str]) -> list[tuple[str, str, None]]:
    """Each value with its text, and nothing said about it."""
    return [(value, texts[value], None) for value in values]
