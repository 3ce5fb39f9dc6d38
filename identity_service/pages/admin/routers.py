"""The routers of the pages of the administration, in the order in which they are tried."""

from typing import Final

from identity_service.pages.admin import (
    audit_routes,
    client_act_routes,
    client_routes,
    job_routes,
    key_routes,
    other_routes,
    role_routes,
    service_routes,
    session_routes,
    stream_routes,
    user_act_routes,
    user_routes,
)

ROUTERS: Final = (
    user_routes.router,
    user_act_routes.router,
    session_routes.router,
    role_routes.router,
    client_routes.router,
    client_act_routes.router,
    service_routes.router,
    key_routes.router,
    stream_routes.router,
    job_routes.router,
    audit_routes.router,
    # It has every path that the others leave.
    other_routes.router,
)
