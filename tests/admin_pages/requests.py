"""A request for each page of the administration, and for each act, prepared so that it succeeds."""

from collections.abc import Mapping
from typing import Final

from tests.admin_pages.client_requests import CLIENTS
from tests.admin_pages.operation_requests import OPERATION
from tests.admin_pages.prepared import Prepare, nothing
from tests.admin_pages.role_requests import ROLES
from tests.admin_pages.service_requests import SERVICES
from tests.admin_pages.user_requests import USERS

REQUESTS: Final[Mapping[str, Prepare]] = {
    **USERS,
    **ROLES,
    **CLIENTS,
    **SERVICES,
    **OPERATION,
    "GET /admin/ui/sessions": nothing,
    "GET /admin/ui/audit": nothing,
    "GET /admin/ui/audit/export": nothing,
    "GET /admin/ui": nothing,
    "ANY /admin/ui": nothing,
    "ANY /admin/ui/{path:path}": nothing,
}
"""By the name of the page in the matrix."""
