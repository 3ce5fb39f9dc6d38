"""The pages of posts. They are no API: the OpenAPI document does not have them."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse

from posts_service.dependencies import Reader
from posts_service.pages.assets import served_assets
from posts_service.pages.html import POLICY, my_posts_page
from posts_service.pages.my_posts import MyPosts
from watchword.auth import public
from watchword.errors import NotFound
from watchword.service import part

OWN_PATHS: Final = frozenset({"assets", "auth", "mine", "write"})
"""The first parts of the paths of pages."""

router = APIRouter(include_in_schema=False)

_FIELDS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
_FOR_EVER: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'",
}


@router.get("/mine")
@public
async def show_my_posts() -> Response:
    """The page, which is the same for everybody: its script fetches the contents."""
    return HTMLResponse(my_posts_page(), headers=_FIELDS)


@router.get("/mine/contents")
async def show_contents(reader: Reader, my_posts: Annotated[MyPosts, Depends(part("my_posts"))]) -> Response:
    """What the page shows to this reader."""
    return HTMLResponse(await my_posts.contents(reader), headers={**_FIELDS, "Cache-Control": "no-store"})


@router.get("/assets/{name}")
@public
async def asset(name: str) -> Response:
    if (file := served_assets().get(name)) is None:
        raise NotFound("no such asset")
    return Response(file.content, headers=_FOR_EVER, media_type=file.media_type)
