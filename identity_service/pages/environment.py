"""The templates of a theme, each compiled, and each page rendered once with sample words."""

import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateError, meta

from identity_service.pages.errors import ThemeRefused
from identity_service.pages.forms import NOTHING, Form
from identity_service.pages.samples import PAGES, Sample
from identity_service.pages.texts import OTHER, Texts
from identity_service.pages.theme import Theme

_WORDS_OF_EVERY_PAGE: Final = frozenset({"asset", "form", "problems", "section", "site", "texts"})
_MACROS: Final = frozenset({"account_field", "account_link", "field", "passkey_form", "scope_list", "security_link"})
"""What templates import from fields.html and passkeys.html."""


# An app is built many times in the tests of one process, mostly with the theme of the product.
@lru_cache(maxsize=4)
def environment_of(theme: Theme) -> Environment:
    """The environment that renders the pages of this theme. Raises ThemeRefused for a template that does not compile,
    uses a word that its page does not have, or cannot be rendered; the message names it."""

    def source_of(name: str) -> tuple[str, str, None] | None:
        source = theme.templates.get(name)
        # The name twice: tracebacks have the second one.
        return None if source is None else (source, name, None)

    environment = Environment(
        loader=FunctionLoader(source_of),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["time"] = time_in_utc
    environment.globals |= {"texts": theme.texts, "site": theme.texts["site"], "asset": theme.asset_path}
    for name, source in theme.templates.items():
        _ensure_compiles(environment, name, source)
    for name, sample in PAGES.items():
        for words in _states(sample, theme.texts):
            _ensure_renders(environment, theme, name, words)
    return environment


def time_in_utc(at: datetime) -> str:
    """The time in UTC, in a form that no language reads otherwise."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _ensure_compiles(environment: Environment, name: str, source: str) -> None:
    words = _WORDS_OF_EVERY_PAGE | (PAGES[name].words if name in PAGES else frozenset())
    try:
        known = words | _MACROS | environment.globals.keys()
        unknown = meta.find_undeclared_variables(environment.parse(source)) - known
        environment.get_template(name)
    except TemplateError as error:
        raise ThemeRefused(f"{name} does not compile: {error}") from None
    if unknown:
        raise ThemeRefused(f"{name} uses {', '.join(sorted(unknown))}; there is only {', '.join(sorted(words))}")


def _states(sample: Sample, texts: Texts) -> Iterator[dict[str, Any]]:
    """The words of the page in each of its sections and states: as it is opened, and with every field wrong."""
    names = [] if sample.form is None else sample.form.model_fields
    typed: Form[Any] = Form({name: "an example" for name in names if "password" not in name})
    problems = {name: texts.flaw(name, OTHER, "an example") for name in names}
    for section in sample.sections:
        for words in sample.states:
            yield {**words, "section": texts[section], "form": NOTHING, "problems": {}}
            if problems:
                yield {**words, "section": texts[section], "form": typed, "problems": problems}


def _ensure_renders(environment: Environment, theme: Theme, name: str, words: dict[str, Any]) -> None:
    try:
        environment.get_template(name).render(words)
    # A template can call functions, so anything may be raised.
    except Exception as error:
        places = [place for place in traceback.extract_tb(error.__traceback__) if place.filename in theme.templates]
        where = f"{places[-1].filename}, line {places[-1].lineno}" if places else name
        reason = f"{type(error).__name__}: {error}"
        raise ThemeRefused(f"{where}, cannot be shown on the page {name}: {reason}") from None
