"""The operations that only the scripts of the pages call. The OpenAPI document does not have them.

Each operation needs an access token, which pages of other origins cannot get.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from posts_service.dependencies import Writer
from posts_service.pages.previews import Previews
from posts_service.pages.writing_keys import WritingKeys
from posts_service.posts.schemas import PostText
from watchword.http import Body, StrictHotRoute
from watchword.service import part

router = APIRouter(prefix="/write", include_in_schema=False, route_class=StrictHotRoute)

_NO_STORE: Final = {"Cache-Control": "no-store"}


class PreviewRequest(Body):
    """A text that is being written."""

    body: PostText


@router.get("/key")
async def show_key(writer: Writer, keys: Annotated[WritingKeys, Depends(part("writing_keys"))]) -> Response:
    """The keys by which the browser keeps the text that this person is writing."""
    return JSONResponse(keys.of(writer), headers=_NO_STORE)


@router.post("/preview")
async def preview(
    text: PreviewRequest, writer: Writer, previews: Annotated[Previews, Depends(part("previews"))]
) -> Response:
    """The text as HTML that is safe to show."""
    return JSONResponse({"html": await previews.render(writer, text.body)}, headers=_NO_STORE)
