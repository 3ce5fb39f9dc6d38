"""The first page of the administration, and every path that no page has."""

from typing import Final

from starlette.responses import Response

from identity_service.pages.admin.navigation import SECTIONS
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.rendering import go
from watchword.auth import public
from watchword.errors import NotFound

_METHODS: Final = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]

router = admin_pages("")


@router.get("")
@public
async def show_first_page() -> Response:
    return go(SECTIONS[0].path)


# Without these two, a stranger would learn from the status which paths there are.
@router.api_route("", methods=_METHODS)
@public
async def answer_other_methods() -> Response:
    raise NotFound("no such page")


@router.api_route("/{path:path}", methods=_METHODS)
@public
async def answer_other_paths(path: str) -> Response:
    raise NotFound(f"no page {path}")
