"""Answers that no cache may keep."""

from typing import Final

from fastapi import Response

NO_STORE: Final = {"Cache-Control": "no-store"}


async def forbid_caching(response: Response) -> None:
    """Add `Cache-Control: no-store` to the answers of a router: `APIRouter(dependencies=[Depends(forbid_caching)])`.

    FastAPI adds it to what a route returns as data; a route that returns a Response passes `headers=NO_STORE` itself.
    """
    response.headers.update(NO_STORE)
