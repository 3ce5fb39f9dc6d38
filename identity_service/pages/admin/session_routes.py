"""Where people are signed in."""

from uuid import UUID

from starlette.responses import Response

from identity_service.admin.session_schemas import LiveSessionPage
from identity_service.dependencies import PartsDep
from identity_service.pages.admin.dependencies import AdminRequestDep
from identity_service.pages.admin.router import admin_pages
from identity_service.pages.admin.user_routes import PAGE_LENGTH
from watchword.auth import public
from watchword.http.fields import Body

router = admin_pages("/sessions")


class SessionFilter(Body):
    """Whose sessions the list has; everybody's without one."""

    user: UUID | None = None


@router.get("")
@public
async def list_sessions(admin: AdminRequestDep, parts: PartsDep) -> Response:
    form, cursor = admin.query(SessionFilter), admin.cursor()
    is_later_page = cursor is not None
    if form.model is None:
        return admin.page("sessions.html", "sessions", form, items=[], next_path=None, is_later_page=is_later_page)
    page = LiveSessionPage.of(await parts.session_directory.list(form.model.user, cursor, PAGE_LENGTH))
    next_path = admin.next_path(page.next, form)
    words = {"items": page.items, "next_path": next_path, "is_later_page": is_later_page}
    return admin.page("sessions.html", "sessions", form, **words)
