"""Reads a request to an OAuth endpoint: the form, the client's credentials and the device that it comes from."""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Request

from identity_service.clients.models import FIRST_PARTY_CLIENT, ClientCredentials
from identity_service.devices import Device
from identity_service.oauth.errors import InvalidClient, InvalidRequest
from watchword.errors import TooLarge

_REPEATABLE: Final = frozenset({"resource"})
_ANY_CHARACTERS: Final = frozenset({"token"})
"""Something that is no token is no error (RFC 7009 section 2.2, RFC 7662 section 2.2), even if it is no text either."""
_KEEP_BYTES: Final = "surrogateescape"
_MAX_FIELDS: Final = 32

# Decoding a longer form would keep the other requests waiting, and no form of ours needs more.
MAX_FORM_BYTES: Final = 65_536


class Form:
    """The parameters of one request. An empty value counts as absent (RFC 6749 section 3.2)."""

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
        """The value of a parameter. Raises InvalidRequest if it is absent."""
        value = self.find(name)
        if value is None:
            raise InvalidRequest(f"lacks {name}")
        return value

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])


@dataclass(frozen=True, slots=True)
class OAuthRequest:
    """One request: `authorization` are the values of its Authorization headers."""

    form: Form
    authorization: Sequence[str]
    device: Device

    def credentials(self) -> ClientCredentials:
        """Read from the Basic scheme or from the form, not from both; a request that names no client is the
        first-party client's. Raises InvalidRequest, InvalidClient."""
        if len(self.authorization) > 1:
            raise InvalidRequest("two Authorization headers")
        if not self.authorization:
            client_id = self.form.find("client_id") or FIRST_PARTY_CLIENT
            return ClientCredentials(client_id, self.form.find("client_secret"))
        if self.form.find("client_secret") is not None:
            raise InvalidRequest("two ways of client authentication")
        credentials = _read_basic(self.authorization[0])
        if self.form.find("client_id") not in (None, credentials.client_id):
            raise InvalidRequest("two client ids")
        return credentials


async def read_form(request: Request) -> Form:
    """The body, which must be form encoded (RFC 6749 section 3.2). Raises InvalidRequest, TooLarge."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise InvalidRequest("not form encoded")
    body = await request.body()
    if len(body) > MAX_FORM_BYTES:
        raise TooLarge(f"a form of {len(body)} bytes")
    try:
        text = body.decode(errors=_KEEP_BYTES)
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors=_KEEP_BYTES)
    except ValueError:
        raise InvalidRequest("too many parameters") from None
    if not all(_is_text(value) for name, value in fields if name not in _ANY_CHARACTERS):
        raise InvalidRequest("not UTF-8, or holds the character NUL")
    return Form(fields)


def _is_text(value: str) -> bool:
    try:
        return b"\x00" not in value.encode()
    except UnicodeEncodeError:
        return False


def _read_basic(header: str) -> ClientCredentials:
    scheme, _, encoded = header.partition(" ")
    try:
        client_id, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise InvalidClient("the Basic credentials cannot be read") from None
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient("the Basic credentials cannot be read")
    return ClientCredentials(unquote_plus(client_id), unquote_plus(secret) or None)
