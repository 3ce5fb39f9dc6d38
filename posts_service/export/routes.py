"""`GET /me/posts/export`: everything that the caller has here."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from posts_service.dependencies import ExportDep, Writer
from watchword.auth import NotPermitted
from watchword.database.errors import DatabaseUnavailable
from watchword.http.responses import refusals
from watchword.http.strict import StrictRoute

router = APIRouter(prefix="/me/posts", tags=["posts"], route_class=StrictRoute)

_PRIVATE: Final = {
    "Cache-Control": "private, no-store",
    "Content-Disposition": 'attachment; filename="posts.ndjson"',
    "X-Accel-Buffering": "no",
}


class LineStream(StreamingResponse):
    media_type = "application/x-ndjson"


@router.get(
    "/export",
    operation_id="posts_export",
    summary="Export what is yours",
    response_class=LineStream,
    responses=refusals(NotPermitted, DatabaseUnavailable),
)
async def export_own(person: Writer, export: ExportDep) -> LineStream:
    """Everything that you have here, an object in each line: `{"type": "author"}` with your name, then each `post`
    (drafts too), `comment`, `like` and `report`, and each former `version` of a post. The last line is
    `{"type": "end"}`: without it something is missing, because the connection broke or your session ended."""
    return LineStream(await export.begin(person), headers=_PRIVATE)
