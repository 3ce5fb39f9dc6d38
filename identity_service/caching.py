"""Answers that no cache may keep."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import Response

# Pragma is for OAuth's answers (RFC 6749 section 5.1).
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_NO_STORE_FIELDS: Final = [(name.lower().encode(), value.encode()) for name, value in NO_STORE.items()]


class UncachedJson(Response):
    """JSON that no cache may keep. It is written as it is given, so the members of `content` must have the names, the
    types and the order that the operation's description says."""

    media_type = "application/json"

    def __init__(self, content: Mapping[str, Any]) -> None:
        super().__init__(orjson.dumps(content))
        self.raw_headers.extend(_NO_STORE_FIELDS)


async def forbid_caching(response: Response) -> None:
    """Add `Cache-Control: no-store` to the answers of a router: `APIRouter(dependencies=[Depends(forbid_caching)])`.

    FastAPI adds it to what a route returns as data; a route that returns a Response returns `UncachedJson`, or
    passes `headers=NO_STORE`.
    """
    response.headers.update(NO_STORE)
