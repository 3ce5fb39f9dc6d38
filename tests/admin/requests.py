"""A request of each operation of the administration that an administrator may make, prepared so that it succeeds."""

from collections.abc import Mapping
from typing import Final

from tests.admin.client_requests import CLIENTS
from tests.admin.key_requests import KEYS
from tests.admin.operation_requests import OPERATION
from tests.admin.prepared import Prepare, nothing
from tests.admin.role_requests import ROLES
from tests.admin.service_requests import SERVICES
from tests.admin.user_requests import USERS

PERMISSIONS: Final[Mapping[str, Prepare]] = {"GET /admin/permissions": nothing}

AUDIT: Final[Mapping[str, Prepare]] = {"GET /admin/audit": nothing, "GET /admin/audit/export": nothing}

REQUESTS: Final[Mapping[str, Prepare]] = {
    **CLIENTS,
    **KEYS,
    **PERMISSIONS,
    **ROLES,
    **SERVICES,
    **USERS,
    **AUDIT,
    **OPERATION,
}
"""By the name of the operation in the matrix."""
