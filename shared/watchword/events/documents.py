"""What the transmitter answers: JSON whose members are checked when they are read, and refusals made fit for a log."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from watchword.events.errors import TransmitterUnavailable
from watchword.lines import one_line


class Document:
    """A JSON object of the transmitter; `name` says which. Every method raises TransmitterUnavailable, which names the
    member that is missing or wrong."""

    def __init__(self, name: str, value: object) -> None:
        if not isinstance(value, dict):
            raise TransmitterUnavailable(f"{name} is not a JSON object")
        self.name = name
        self._members: Mapping[str, Any] = value

    def find(self, member: str) -> Any:
        """The member, of any type; None if it is absent."""
        return self._members.get(member)

    def text(self, member: str) -> str:
        value = self._get(member)
        if not isinstance(value, str) or not value:
            raise TransmitterUnavailable(f"{self.name} has a member {member} that is not a text")
        return value

    def url(self, member: str, issuer: str) -> str:
        """An https URL; http, if the issuer itself has an http URL."""
        value = self.text(member)
        try:
            scheme, host = urlsplit(value).scheme, urlsplit(value).hostname
        except ValueError:
            scheme, host = "", None
        if scheme not in ("https", urlsplit(issuer).scheme) or not host:
            raise TransmitterUnavailable(
                f"{self.name} has a member {member} that is not an https URL: {one_line(value)}"
            )
        return value

    def object(self, member: str) -> "Document":
        return Document(f"{member} of {self.name}", self._get(member))

    def texts(self, member: str) -> list[str]:
        """An array of texts, or one text. It is never empty."""
        value = self._get(member)
        texts = value if isinstance(value, list) else [value]
        if not texts or not all(isinstance(text, str) for text in texts):
            raise TransmitterUnavailable(f"{self.name} has a member {member} that is not one text or several")
        return texts

    def items(self, member: str) -> dict[str, Any]:
        value = self._get(member)
        if not isinstance(value, dict):
            raise TransmitterUnavailable(f"{self.name} has a member {member} that is not an object")
        return value

    def _get(self, member: str) -> Any:
        if (value := self.find(member)) is None:
            raise TransmitterUnavailable(f"{self.name} lacks the member {member}")
        return value


def parsed(name: str, body: bytes) -> Any:
    """The JSON value of an answer. Raises TransmitterUnavailable."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise TransmitterUnavailable(f"{name} did not answer with JSON") from None


def explanation(body: bytes) -> tuple[str, str]:
    """How a refusal explains itself: its code (RFC 6749 section 5.2, RFC 9457), empty without one, and all of it."""
    try:
        document = Document("the refusal", orjson.loads(body))
    except (orjson.JSONDecodeError, TransmitterUnavailable):
        return "", one_line(body.decode(errors="replace"))
    texts = [document.find(member) for member in ("error", "code", "error_description", "detail")]
    texts = [text for text in texts if isinstance(text, str) and text]
    code = document.find("error") or document.find("code")
    return one_line(code) if isinstance(code, str) else "", one_line(": ".join(texts))
