"""Where people are signed in."""

from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from identity_service.admin.session_schemas import LiveSessionPage
from identity_service.dependencies import PartsDep
from identity_service.pages.admin.dependencies import AdminRequestDep
from identity_service.pages.admin.forms import Cursor
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.user_routes import PAGE_LENGTH
from watchword.auth import public
from watchword.http.fields import Body

SESSIONS: Final = "/admin/ui/sessions"

router = admin_pages("/sessions")


class SessionFilter(Body):
    """Whose sessions the list has; everybody's without one."""

    user: UUID | None = None
    cursor: Cursor = None


@router.get("")
@public
async def list_sessions(admin: AdminRequestDep, parts: PartsDep) -> Response:
    form = admin.query(SessionFilter)
    if form.model is None:
        return admin.page("sessions.html", "sessions", form, sessions=[], next_path=None, is_later_page=False)
    filters = form.model
    page = LiveSessionPage.of(await parts.session_directory.list(filters.user, filters.cursor, PAGE_LENGTH))
    return admin.page(
        "sessions.html",
        "sessions",
        form,
        sessions=page.items,
        next_path=_path_of(filters, page.next),
        is_later_page=filters.cursor is not None,
    )


def _path_of(filters: SessionFilter, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    user = {} if filters.user is None else {"user": str(filters.user)}
    return f"{SESSIONS}?{urlencode({**user, 'cursor': cursor})}"
