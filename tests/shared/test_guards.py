"""A guard requires the same of a caller as a parameter, on the decorator, on a router and on a router around it."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI

from tests.shared.apps import Service, guarded_app
from watchword.auth import Guard, Principal, optional, requires, signed_in
from watchword.testing import Issuer

GUARDS: dict[str, Guard] = {
    "signed_in": signed_in,
    "scope": requires("things:write"),
    "scopes": requires("things:read", "things:write"),
    "any_of": requires(any_of=["things:write", "things:admin"]),
    "scope_and_any_of": requires("things:read", any_of=["things:write", "things:admin"]),
    "permission": requires("things:write", permission="thing:edit_any"),
    "role": requires("things:write", role="admin"),
    "role_any_scope": requires(role="admin", any_scope=True),
    "optional": optional,
}
ENOUGH: dict[str, dict[str, Any]] = {
    "signed_in": {},
    "scope": {"scope": "things:read things:write"},
    "scopes": {"scope": "things:write other things:read"},
    "any_of": {"scope": "things:admin"},
    "scope_and_any_of": {"scope": "things:read things:write"},
    "permission": {"scope": "things:write", "permissions": ["thing:edit_any"]},
    "role": {"scope": "things:write", "roles": ["user", "admin"]},
    "role_any_scope": {"roles": ["user", "admin"]},
    "optional": {},
}
TOO_LITTLE: dict[str, list[dict[str, Any]]] = {
    "scope": [{}, {"scope": "things:read"}, {"scope": "things:writer"}, {"roles": ["things:write"]}],
    "scopes": [{}, {"scope": "things:read"}, {"scope": "things:write"}, {"scope": "things:read,things:write"}],
    "any_of": [{}, {"scope": "things:read"}, {"scope": "things:admins"}],
    "scope_and_any_of": [{}, {"scope": "things:read"}, {"scope": "things:write things:admin"}],
    "permission": [
        {"permissions": ["thing:edit_any"]},
        {"scope": "things:read", "permissions": ["thing:edit_any"]},
        {"scope": "things:write", "permissions": ["thing:edit"]},
        {"scope": "things:write thing:edit_any"},
    ],
    "role": [
        {"roles": ["admin"]},
        {"scope": "things:read", "roles": ["admin"]},
        {"scope": "things:write", "roles": ["user"]},
        {"scope": "things:write", "permissions": ["admin"]},
        {"scope": "things:write admin"},
    ],
    "role_any_scope": [{}, {"roles": ["user"]}, {"permissions": ["admin"]}, {"scope": "admin"}],
}
REFUSALS = [(guard, claims) for guard, refused in TOO_LITTLE.items() for claims in refused]

each_place = pytest.mark.parametrize("place", ["parameter", "decorator", "router", "outer_router"])
each_guard = pytest.mark.parametrize("guard", list(GUARDS))


async def nothing() -> str:
    return "passed"


def parameter(guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/")
    async def operation(caller: Annotated[Principal | None, Depends(guard)]) -> str:
        assert caller is None or isinstance(caller, Principal)
        return "passed"

    return router


def decorator(guard: Guard) -> APIRouter:
    router = APIRouter()
    router.get("/", dependencies=[Depends(guard)])(nothing)
    return router


def router(guard: Guard) -> APIRouter:
    router = APIRouter(dependencies=[Depends(guard)])
    router.get("/")(nothing)
    return router


def outer_router(guard: Guard) -> APIRouter:
    inner, outer = APIRouter(), APIRouter(dependencies=[Depends(guard)])
    inner.get("/")(nothing)
    outer.include_router(inner)
    return outer


PLACES: dict[str, Callable[[Guard], APIRouter]] = {
    made.__name__: made for made in (parameter, decorator, router, outer_router)
}


def app_of(issuer: Issuer) -> FastAPI:
    app = guarded_app(issuer)
    for place, make in PLACES.items():
        for name, guard in GUARDS.items():
            app.include_router(make(guard), prefix=f"/{place}/{name}")
    return app


@each_place
@each_guard
async def test_caller_with_what_is_required_passes(service: Service, place: str, guard: str) -> None:
    answer = await service.http.get(f"/{place}/{guard}/", headers=service.issuer.bearer(**ENOUGH[guard]))
    assert answer.status_code == 200
    assert answer.json() == "passed"


@each_place
@each_guard
async def test_caller_without_a_token_passes_only_an_optional_guard(service: Service, place: str, guard: str) -> None:
    answer = await service.http.get(f"/{place}/{guard}/")
    assert answer.status_code == (200 if guard == "optional" else 401)


@each_place
@each_guard
async def test_invalid_token_never_passes(service: Service, place: str, guard: str) -> None:
    answer = await service.http.get(
        f"/{place}/{guard}/", headers=service.issuer.bearer(expires_in=-60, **ENOUGH[guard])
    )
    assert answer.status_code == 401


@each_place
@pytest.mark.parametrize(("guard", "claims"), REFUSALS)
async def test_caller_with_too_little_is_forbidden(
    service: Service, place: str, guard: str, claims: dict[str, Any]
) -> None:
    answer = await service.http.get(f"/{place}/{guard}/", headers=service.issuer.bearer(**claims))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("guard", "scopes"),
    [
        ("scope", "things:write"),
        ("scopes", "things:read things:write"),
        ("any_of", "things:write things:admin"),
        ("scope_and_any_of", "things:read things:write things:admin"),
        ("role", "things:write"),
    ],
)
async def test_lack_of_scope_gives_a_challenge_that_names_the_scopes(service: Service, guard: str, scopes: str) -> None:
    answer = await service.http.get(f"/parameter/{guard}/", headers=service.issuer.bearer(roles=["admin"]))
    challenge = f'Bearer realm="watchword", error="insufficient_scope", scope="{scopes}"'
    assert answer.headers["www-authenticate"] == challenge
    assert answer.json()["code"] == "insufficient_scope"


@pytest.mark.parametrize("guard", ["permission", "role"])
async def test_lack_of_a_role_gives_no_challenge_and_names_nothing(service: Service, guard: str) -> None:
    answer = await service.http.get(f"/parameter/{guard}/", headers=service.issuer.bearer(scope="things:write"))
    assert "www-authenticate" not in answer.headers
    assert answer.json()["code"] == "not_permitted"
    assert "admin" not in answer.text
    assert "thing:edit_any" not in answer.text


def test_a_guard_that_requires_nothing_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="signed_in"):
        requires()
    with pytest.raises(TypeError, match="signed_in"):
        requires(any_of=[])
    with pytest.raises(TypeError, match="signed_in"):
        requires(any_scope=True)


def test_a_guard_cannot_require_a_scope_and_accept_any() -> None:
    with pytest.raises(TypeError, match="any_scope"):
        requires("things:write", role="admin", any_scope=True)
    with pytest.raises(TypeError, match="any_scope"):
        requires(any_of=["things:write"], role="admin", any_scope=True)


@pytest.mark.parametrize("name", ["", " ", "a b", "a,b", " a", "a\n", 'a"b', "a\\b", "ä", "a\x7f"])
def test_a_scope_that_no_token_can_carry_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no scope"):
        requires(name)
    with pytest.raises(ValueError, match="is no scope"):
        requires(any_of=["things:read", name])


def test_scopes_are_arguments_and_not_a_list() -> None:
    with pytest.raises(TypeError, match="scopes are texts"):
        requires(["a", "b"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="scopes are texts"):
        requires(any_of="ab")


def test_a_role_or_a_permission_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        requires("things:write", role="")
    with pytest.raises(ValueError, match="empty"):
        requires("things:write", permission="")
