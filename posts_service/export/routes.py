"""`GET /me/posts/export`: everything that the caller has here."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from posts_service.dependencies import ExportDep, Exporter
from posts_service.errors import ExportsBusy, TooManyExports
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
    responses=refusals(NotPermitted, TooManyExports, ExportsBusy, DatabaseUnavailable),
)
async def export_own(person: Exporter, export: ExportDep) -> LineStream:
    """Everything that you have here, an object in each line: `{"type": "author"}` with your name, then each `post`
    (drafts too), the former `version`s of some posts behind these, each `comment`, `like` and `report`. The last line
    is `{"type": "end"}`: without it something is missing, because the connection broke or your session ended.

    An account may have two exports at once in a process of the service; if eight people export there, others wait.
    """
    return LineStream(await export.begin(person), headers=_PRIVATE)
