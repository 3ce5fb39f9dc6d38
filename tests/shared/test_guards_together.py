"""Several guards on one operation, and guards that require more than the token can say."""

from typing import Annotated
from uuid import uuid4

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.requests import HTTPConnection

from tests.shared.apps import Service, guarded_app
from watchword.auth import Guard, NotPermitted, Principal, optional, requires, signed_in
from watchword.testing import Issuer

SUSPENDED = str(uuid4())


class NotSuspended(Guard):
    async def ensure(self, request: HTTPConnection, principal: Principal) -> None:
        await super().ensure(request, principal)
        if principal.subject == SUSPENDED:
            raise NotPermitted("suspended")


def app_of(issuer: Issuer) -> FastAPI:
    app = guarded_app(issuer)
    admin = APIRouter(prefix="/admin", dependencies=[Depends(requires(role="admin"))])
    keys = APIRouter(prefix="/keys", dependencies=[Depends(requires(permission="key:rotate"))])

    @keys.post("/rotate")
    async def rotate(caller: Annotated[Principal, Depends(requires("keys:write"))]) -> str:
        return caller.subject

    @app.get("/both")
    async def both(
        here: Annotated[Principal | None, Depends(optional)], there: Annotated[Principal, Depends(signed_in)]
    ) -> bool:
        return here == there

    @app.get("/not-suspended")
    async def not_suspended(caller: Annotated[Principal, Depends(NotSuspended("things:read"))]) -> str:
        return caller.subject

    admin.include_router(keys)
    app.include_router(admin)
    return app


@pytest.mark.parametrize(
    ("roles", "permissions", "scope", "status"),
    [
        (["admin"], ["key:rotate"], "keys:write", 200),
        ([], ["key:rotate"], "keys:write", 403),
        (["admin"], [], "keys:write", 403),
        (["admin"], ["key:rotate"], "", 403),
        ([], [], "", 403),
    ],
)
async def test_every_guard_of_an_operation_must_let_the_caller_pass(
    service: Service, roles: list[str], permissions: list[str], scope: str, status: int
) -> None:
    headers = service.issuer.bearer(roles=roles, permissions=permissions, scope=scope)
    assert (await service.http.post("/admin/keys/rotate", headers=headers)).status_code == status


async def test_an_optional_guard_does_not_weaken_another(service: Service) -> None:
    assert (await service.http.get("/both")).status_code == 401
    assert (await service.http.get("/both", headers=service.issuer.bearer())).json() is True


async def test_guard_of_a_service_may_require_more_of_the_caller(service: Service) -> None:
    active = await service.http.get("/not-suspended", headers=service.issuer.bearer(scope="things:read"))
    suspended = await service.http.get("/not-suspended", headers=service.issuer.bearer(SUSPENDED, scope="things:read"))
    without_scope = await service.http.get("/not-suspended", headers=service.issuer.bearer(SUSPENDED))
    assert active.status_code == 200
    assert (suspended.status_code, suspended.json()["code"]) == (403, "not_permitted")
    assert (without_scope.status_code, without_scope.json()["code"]) == (403, "insufficient_scope")
