"""Pages as responses: a template with its texts, and the header fields that keep others out of it."""

from typing import Any, Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from identity_service.pages.environment import environment_of
from identity_service.pages.forms import NOTHING, Form
from identity_service.pages.goals import Goal
from identity_service.pages.theme import Theme

_FIELDS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A path may have a token: not even our own files get it. With `no-referrer` forms have `Origin: null`.
    "Referrer-Policy": "strict-origin",
    "X-Frame-Options": "DENY",
}
RETRY_SECONDS: Final = "60"
"""When to try again after a refusal that does not say it."""

_NO_GOAL: Final = Goal()
_LEAVE_FIELDS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Pages:
    """Renders the pages of one process. `issuer` is the URL that people see. Raises ThemeRefused."""

    def __init__(self, issuer: str, theme: Theme) -> None:
        url = urlsplit(issuer)
        self.origin = f"{url.scheme}://{url.netloc}"
        self.theme = theme
        self._templates = environment_of(theme)

    def page(self, name: str, section: str, form: Form[Any] = NOTHING, **words: Any) -> Response:
        """The page of this template, with the texts of a section; 422 if the form has flaws."""
        texts = self.theme.texts
        problems = {flaw.field: texts.flaw(flaw.field, flaw.code, flaw.advice) for flaw in form.flaws}
        words |= {"form": form, "problems": problems}
        return self._render(name, section, words, 422 if problems else 200)

    def error(self, status: int, code: str, retry_after: str | None) -> Response:
        """The page that says what a refusal means for a person; `retry_after` is in how many seconds to try again."""
        words = {"error": self.error_text(code, retry_after), "problems": {}, "form": NOTHING}
        return self._render("error.html", "error_page", words, status)

    def error_text(self, code: str, retry_after: str | None) -> str:
        """What the refusal with this code means for a person."""
        return self.theme.texts.error(code, origin=self.origin, seconds=retry_after or RETRY_SECONDS)

    def _render(self, name: str, section: str, words: dict[str, Any], status: int) -> Response:
        html = self._templates.get_template(name).render(words, section=self.theme.texts[section])
        return HTMLResponse(html, status, page_fields())


def page_fields(*form_origins: str, scripts: bool = False, requests: bool = False) -> dict[str, str]:
    """The header fields of a page: it loads nothing but our own files, runs no script unless it has `scripts` of ours,
    which may send `requests` to our own origin or none at all, and is in no frame.

    Its forms may be sent, and be redirected, to our own origin and to `form_origins`.
    """
    policy = {
        "default-src": "'none'",
        **({"script-src": "'self'"} if scripts else {}),
        **({"connect-src": "'self'"} if requests else {}),
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


def see(outcome: str, goal: Goal = _NO_GOAL) -> Response:
    """Go on to the page of an outcome, so that reloading and going back do no harm. If a person still has to sign in,
    that page links to the sign-in page that leads to their goal."""
    return go(goal.path_before(f"/done/{outcome}"))


def go(path: str) -> Response:
    """Go on to another page of ours."""
    return RedirectResponse(path, 303, page_fields())


def leave(url: str) -> Response:
    """Go on to an application. The answer is in no cache, and no other site gets the address of the request.

    It shows nothing, so it may be in a frame: an application looks in one whether its user is signed on.
    """
    return Response(status_code=303, headers={**_LEAVE_FIELDS, "Location": url})
