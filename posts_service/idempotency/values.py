"""A request with an idempotency key, and its answer."""

from hashlib import sha256
from typing import NamedTuple

from pydantic import BaseModel


class KeyedRequest(NamedTuple):
    """A request with an Idempotency-Key. `digest` is of the operation and the body."""

    key: str
    digest: bytes

    @classmethod
    def of(cls, key: str, operation: str, body: BaseModel) -> "KeyedRequest":
        """The request with this body. `operation` names everything else that decides what it changes."""
        # What the client has set, so that a later release, which has more members, has the same digest.
        text = f"{operation}\n{body.model_dump_json(exclude_unset=True)}"
        return cls(key, sha256(text.encode()).digest())


class Answer(NamedTuple):
    """An answer with its header fields, so that it can be repeated byte for byte."""

    status: int
    body: bytes
    location: str | None = None
    etag: str | None = None
