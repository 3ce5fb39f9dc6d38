"""Compare every answer of an app with its OpenAPI document: status, header fields, media type, body, and the code of a
refusal."""

import json
import re
from collections.abc import Iterator
from email.message import Message
from typing import Any

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from watchword.errors import AppError, Invalid
from watchword.http.problem_documents import MEDIA_TYPE

NOTEWORTHY = ("ETag", "Link", "Location", "Preference-Applied", "Retry-After", "Set-Cookie", "WWW-Authenticate")
BUGS = 500
WITH_PREFER_WAIT = "x-content-with-prefer-wait"


# By the title of the app, and the settings on which its document depends. A test of a service makes the app anew, and
# otherwise the documents differ in addresses alone.
_documents: dict[tuple[Any, ...], "Documented"] = {}
_SETTINGS = "moderation_acr", "moderation_max_age"


def documented(app: FastAPI) -> "Documented":
    """The document of this app's service."""
    settings = app.state.parts.settings
    key = app.title, *(getattr(settings, name, None) for name in _SETTINGS)
    if key not in _documents:
        _documents[key] = Documented(app.openapi())
    return _documents[key]


class Documented:
    """A hook for a client of an app: an answer that the app's document does not have is an AssertionError."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._components = document["components"]
        self._paths = list(_paths(document))
        self._validators: dict[tuple[str, str], Draft202012Validator] = {}

    async def check(self, response: httpx.Response) -> None:
        description = self._find(response.request)
        if description is None or response.status_code == BUGS:
            return
        name = description["operationId"]
        answer = description["responses"].get(str(response.status_code))
        assert answer is not None, f"{name} is not documented to answer {response.status_code}"
        sent = {field for field in NOTEWORTHY if field in response.headers}
        assert sent <= answer.get("headers", {}).keys(), f"{name} sends {sent} with {response.status_code}"
        await response.aread()
        self._check_body(name, answer, response)

    def _check_body(self, name: str, answer: dict[str, Any], response: httpx.Response) -> None:
        content = answer.get("content", {})
        if "Preference-Applied" in response.headers:
            content = content or answer[WITH_PREFER_WAIT]
        if not content:
            assert response.content == b"", f"{name} sends a body with {response.status_code}"
            return
        media_type = _essence(response.headers["Content-Type"])
        described = {_essence(named): body for named, body in content.items()}
        assert media_type in described, f"{name} sends {media_type} with {response.status_code}"
        if media_type.endswith(("/json", "+json")):
            validator = self._validator((name, f"{response.status_code}"), described[media_type]["schema"])
            flaw = best_match(validator.iter_errors(json.loads(response.content)))
            assert flaw is None, f"{name}, {response.status_code}: {flaw}"
        if media_type == MEDIA_TYPE:
            undocumented = _codes(json.loads(response.content)) - described[media_type]["examples"].keys()
            assert not undocumented, f"{name} is not documented to refuse with {undocumented}"

    def _validator(self, key: tuple[str, str], schema: dict[str, Any]) -> Draft202012Validator:
        if key not in self._validators:
            # With the components beside it, the references of the schema lead where they do in the document.
            whole = {**schema, "components": self._components}
            self._validators[key] = Draft202012Validator(whole)
        return self._validators[key]

    def _find(self, request: httpx.Request) -> dict[str, Any] | None:
        for path, item in self._paths:
            if request.method.lower() in item and path.fullmatch(request.url.path):
                description: dict[str, Any] = item[request.method.lower()]
                return description
        return None


def _paths(document: dict[str, Any]) -> Iterator[tuple[re.Pattern[str], dict[str, Any]]]:
    """The paths as regular expressions, those without parameters first, as the routes are tried."""
    for path in sorted(document["paths"], key=lambda path: "{" in path):
        yield re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), document["paths"][path]


def _codes(problem: dict[str, Any]) -> set[str]:
    """The codes of a problem document under which an OpenAPI document has an example for it. Those that pydantic gives
    to the flaws of a request are all under the code of a malformed request."""
    if "errors" not in problem:
        return {problem["code"]}
    flaws = {flaw["code"] for flaw in problem["errors"]}
    return (flaws & _codes_of(Invalid)) or {problem["code"]}


def _codes_of(kind: type[AppError]) -> set[str]:
    """The codes of the errors of a kind."""
    return {error.code for error in kind.__subclasses__()}.union(*(_codes_of(error) for error in kind.__subclasses__()))


def _essence(media_type: str) -> str:
    """A media type without its parameters (RFC 9110 section 8.3.1)."""
    message = Message()
    message["Content-Type"] = media_type
    return message.get_content_type()
