"""Answers to authorization requests: where they go, and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode

from identity_service.oauth.errors import OAuthError


class ResponseMode(StrEnum):
    """How the browser carries the answer to the client: in the query of a redirect, or in a form that it sends."""

    QUERY = "query"
    FORM_POST = "form_post"


class Destination(NamedTuple):
    """A redirect URI of the client, how the answer gets there, and what the client recognizes it by."""

    redirect_uri: str
    mode: ResponseMode
    state: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The answer to one authorization request."""

    destination: Destination
    parameters: Mapping[str, str]

    @property
    def location(self) -> str:
        """The redirect URI with the parameters in its query."""
        uri = self.destination.redirect_uri
        return f"{uri}{'&' if '?' in uri else '?'}{urlencode(self.parameters)}"


class Answers:
    """Makes answers; each names the issuer, so that a client of several knows which one it is from (RFC 9207)."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def code(self, destination: Destination, code: str) -> Answer:
        return self._answer(destination, {"code": code})

    def error(self, destination: Destination, error: OAuthError) -> Answer:
        return self._answer(destination, {"error": error.error, "error_description": error.description})

    def _answer(self, destination: Destination, parameters: Mapping[str, str]) -> Answer:
        state = {} if destination.state is None else {"state": destination.state}
        return Answer(destination, {**parameters, **state, "iss": self._issuer})
