"""Answers that no cache may keep."""

from typing import Final

from fastapi import Response

# Pragma is for OAuth's answers (RFC 6749 section 5.1).
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def forbid_caching(response: Response) -> None:
    """Add `Cache-Control: no-store` to the answers of a router: `APIRouter(dependencies=[Depends(forbid_caching)])`.

    FastAPI adds it to what a route returns as data; a route that returns a Response passes `headers=NO_STORE` itself.
    """
    response.headers.update(NO_STORE)
