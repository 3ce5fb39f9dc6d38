"""Pages as responses: a template with its texts, and the header fields that keep others out of it."""

from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import DictLoader, Environment, StrictUndefined, TemplateError, meta
from starlette.responses import HTMLResponse, RedirectResponse, Response

from identity_service.pages.errors import ThemeRefused
from identity_service.pages.forms import Form
from identity_service.pages.theme import Theme

# `field` is what templates import from fields.html.
_WORDS: Final = frozenset({"asset", "error", "field", "form", "link", "path", "problems", "section", "site", "texts"})
_FIELDS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A path may have a token: not even our own files get it. With `no-referrer` forms have `Origin: null`.
    "Referrer-Policy": "strict-origin",
    "X-Frame-Options": "DENY",
}
NOTHING: Final[Form[Any]] = Form()


class Pages:
    """Renders the pages of one process. `issuer` is the URL that people see. Raises ThemeRefused."""

    def __init__(self, issuer: str, theme: Theme) -> None:
        url = urlsplit(issuer)
        self.origin = f"{url.scheme}://{url.netloc}"
        self.theme = theme
        self._templates = _environment(tuple(theme.templates.items()))

    def page(self, name: str, section: str, form: Form[Any] = NOTHING, **words: Any) -> Response:
        """The page of this template, with the texts of a section; 422 if the form has flaws."""
        texts = self.theme.texts
        problems = {flaw.field: texts.flaw(flaw.field, flaw.code, flaw.advice) for flaw in form.flaws}
        words |= {"form": form, "problems": problems}
        return self._render(name, section, words, 422 if problems else 200)

    def error(self, status: int, code: str, seconds: str) -> Response:
        """The page that says what a refusal means for a person; `seconds` is when to try again."""
        text = self.theme.texts.error(code, origin=self.origin, seconds=seconds)
        return self._render("error.html", "error_page", {"error": text, "problems": {}, "form": NOTHING}, status)

    def _render(self, name: str, section: str, words: dict[str, Any], status: int) -> Response:
        texts = self.theme.texts
        html = self._templates.get_template(name).render(
            section=texts[section], texts=texts, site=texts["site"], asset=self._asset, **words
        )
        return HTMLResponse(html, status, page_fields())

    def _asset(self, name: str) -> str:
        return f"/assets/{self.theme.asset_names[name]}"


def page_fields(*form_origins: str) -> dict[str, str]:
    """The header fields of a page: it loads nothing but our own files, runs no script, and is in no frame.

    Its forms may be sent, and be redirected, to our own origin and to `form_origins`.
    """
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": " ".join(("'self'", *form_origins)),
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return {
        **_FIELDS,
        "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
    }


# An app is built many times in the tests of one process, mostly with the templates of the product.
@lru_cache(maxsize=4)
def _environment(templates: tuple[tuple[str, str], ...]) -> Environment:
    """These templates, by name and source, each compiled. A team's template is refused if it does not compile or uses a
    word that no page has."""
    environment = Environment(
        loader=DictLoader(dict(templates)),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name, source in templates:
        try:
            unknown = meta.find_undeclared_variables(environment.parse(source)) - _WORDS
            environment.get_template(name)
        except TemplateError as error:
            raise ThemeRefused(f"{name} does not compile: {error}") from None
        if unknown:
            raise ThemeRefused(f"{name} uses {', '.join(sorted(unknown))}, which no page has")
    return environment


def see(outcome: str) -> Response:
    """Go on to the page of an outcome, so that reloading and going back do no harm."""
    return RedirectResponse(f"/done/{outcome}", 303, page_fields())
