"""Reads a request to the token endpoint: the form, and the client behind it."""

import binascii
from base64 import b64decode
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Request

from identity_service.oauth.errors import InvalidClient, InvalidRequest

FIRST_PARTY_CLIENT: Final = "web"
_REPEATABLE: Final = frozenset({"resource"})
_MAX_FIELDS: Final = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client says of itself (RFC 6749 section 2.3.1)."""

    client_id: str
    secret: str | None


class Form:
    """Parameters of one request. An empty value counts as none (RFC 6749 section 3.2)."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in fields:
            if value:
                self._values.setdefault(name, []).append(value)
        repeated = [name for name, values in self._values.items() if len(values) > 1 and name not in _REPEATABLE]
        if repeated:
            raise InvalidRequest("a parameter is repeated")

    def find(self, name: str) -> str | None:
        return self._values.get(name, [None])[0]

    def get(self, name: str) -> str:
        """The value; InvalidRequest where there is none."""
        value = self.find(name)
        if value is None:
            raise InvalidRequest(f"lacks {name}")
        return value

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])


async def read_form(request: Request) -> Form:
    """The form-encoded body, and nothing else (RFC 6749 section 3.2)."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise InvalidRequest("not form encoded")
    body = await request.body()
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise InvalidRequest("not UTF-8, or too many parameters") from None
    if any("\x00" in value for _, value in fields):
        raise InvalidRequest("holds the character NUL")
    return Form(fields)


def read_credentials(request: Request, form: Form) -> Credentials:
    """By Basic or by the form, not both; a request that names no client is the first-party client's."""
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise InvalidRequest("two Authorization headers")
    if not headers:
        return Credentials(form.find("client_id") or FIRST_PARTY_CLIENT, form.find("client_secret"))
    if form.find("client_secret") is not None:
        raise InvalidRequest("two ways of client authentication")
    scheme, _, encoded = headers[0].partition(" ")
    try:
        client_id, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise InvalidClient("the Basic credentials cannot be read") from None
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient("the Basic credentials cannot be read")
    credentials = Credentials(unquote_plus(client_id), unquote_plus(secret) or None)
    if form.find("client_id") not in (None, credentials.client_id):
        raise InvalidRequest("two client ids")
    return credentials
