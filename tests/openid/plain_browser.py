"""A browser without JavaScript, in the hands of a person who fills in what identity's pages ask for."""

from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

from tests.support.services import PASSWORD
from tests.support.waiting import PATIENCE_SECONDS
from watchword.http_client.tls import ssl_context

MAX_STEPS = 20


class Form(HTMLParser):
    """The first form of a page: where its fields go, and what they are filled in with."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._is_inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form" and self.action is None:
            self.action, self._is_inside = values.get("action", ""), True
        if not self._is_inside or "name" not in values:
            return
        # Of several buttons the first is pressed, which is the one that allows what a client asks for.
        if tag == "input" or (tag == "button" and values["name"] not in self.fields):
            self.fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False


class PlainBrowser:
    """A person with an account at identity, and their browser. `entries` are what the person enters or chooses, by the
    names of the fields; `paths` are those of everything that the browser has requested."""

    def __init__(self, identity: str, username: str) -> None:
        self.identity = identity
        self.username = username
        self.entries = {"login": username, "password": PASSWORD}
        self.paths: list[str] = []
        self.http = httpx.Client(verify=ssl_context(), trust_env=False, timeout=PATIENCE_SECONDS)

    def visit(self, url: str, until: str | None = None) -> str:
        """Where the browser arrives: at a URL that begins with `until`, which is not requested, or on a page without a
        form of identity's."""
        answer = self._get(url)
        for _ in range(MAX_STEPS):
            location = answer.headers.get("Location")
            if location is not None:
                url = urljoin(url, location)
                if until is not None and url.startswith(until):
                    return url
                answer = self._get(url)
                continue
            form = Form(answer.text)
            assert answer.status_code == 200, (url, answer.status_code, answer.text)
            if form.action is None or not url.startswith(self.identity):
                return url
            url = urljoin(url, form.action)
            answer = self._post(url, self._fill_in(form.fields))
        raise AssertionError(f"the browser goes round in circles: {self.paths}")

    def _fill_in(self, fields: dict[str, str]) -> dict[str, str]:
        return {name: self.entries.get(name, value) for name, value in fields.items()}

    def _get(self, url: str) -> httpx.Response:
        self.paths.append(urlsplit(url).path)
        return self.http.get(url)

    def _post(self, url: str, fields: dict[str, str]) -> httpx.Response:
        self.paths.append(urlsplit(url).path)
        # A browser names the type of a form without fields, too.
        headers = {"Origin": self.identity, "Content-Type": "application/x-www-form-urlencoded"}
        return self.http.post(url, content=urlencode(fields), headers=headers)
