"""The pages that people see. They are no API: the OpenAPI document does not have them."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from posts_service.dependencies import SlugPath, owner_of
from posts_service.pages.assets import served_assets
from posts_service.pages.reading import HomeQuery, ReadingPages
from posts_service.pages.rendering import Pages
from posts_service.posts.post_query import Sort
from posts_service.posts.schemas import TagFilter
from watchword.auth import public
from watchword.http.fields import Text
from watchword.http.paging import PageCursor
from watchword.service import part
from watchword.service.assets import asset_answer
from watchword.service.front_page import prefers_json

OWN_PATHS: Final = frozenset({"about", "assets", "auth", "mine", "p", "write"})
"""The first parts of the paths of pages that no operation of the API shares."""

PagesDep = Annotated[Pages, Depends(part("pages"))]
ReadingDep = Annotated[ReadingPages, Depends(part("reading_pages"))]
SearchText = Annotated[Text | None, Query(max_length=200)]


class PageRoute(APIRoute):
    """A route that matches unless the client prefers JSON: then the next route with the same path answers."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        # The field is read only then: most requests are for another path.
        if match is not Match.NONE and prefers_json(",".join(Headers(scope=scope).getlist("accept"))):
            return Match.NONE, {}
        return match, child


router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/")
@public
async def home(
    request: Request,
    pages: PagesDep,
    reading: ReadingDep,
    q: SearchText = None,
    author: UUID | None = None,
    tag: TagFilter = None,
    sort: Sort = Sort.NEWEST,
    cursor: PageCursor = None,
) -> Response:
    """The published posts that the query selects; without a query, all of them, the newest first."""
    words = await reading.home(HomeQuery(q or None, author, tag, sort), cursor, owner_of(None, request))
    return pages.answer(request, "home.html", words)


@router.get("/p/{slug}")
@public
async def show_post(
    slug: SlugPath, request: Request, pages: PagesDep, reading: ReadingDep, comments: PageCursor = None
) -> Response:
    """A published post and its comments. A slug that it has had leads to the present one."""
    words = await reading.post(slug, comments)
    if words["post"].slug != slug:
        return RedirectResponse(f"/p/{words['post'].slug}", 301, {"Cache-Control": "no-cache"})
    return pages.answer(request, "post.html", words)


@router.get("/p/{slug}/edit")
@public
async def edit_post(slug: SlugPath, request: Request, pages: PagesDep) -> Response:
    """The editor of a post. Its script asks for the post: this page is the same for everybody."""
    return pages.answer(request, "shell.html", _shell("Edit post", "editor.js"))


@router.get("/write")
@public
async def write_post(request: Request, pages: PagesDep) -> Response:
    return pages.answer(request, "shell.html", _shell("Write", "editor.js"))


@router.get("/mine")
@public
async def show_mine(request: Request, pages: PagesDep) -> Response:
    return pages.answer(request, "shell.html", _shell("Your posts", "mine.js"))


@router.get("/moderation")
@public
async def show_moderation(request: Request, pages: PagesDep) -> Response:
    return pages.answer(request, "shell.html", _shell("Moderation", "moderation.js"))


@router.get("/about")
@public
async def about(request: Request, pages: PagesDep) -> Response:
    return pages.answer(request, "about.html", {"title": "About"})


@router.get("/assets/{name}")
@public
async def asset(name: str, request: Request) -> Response:
    return asset_answer(request, served_assets(), name)


def _shell(title: str, script: str) -> dict[str, Any]:
    """The values that `shell.html` shows: a page whose content this script makes."""
    return {"title": title, "script": script}
