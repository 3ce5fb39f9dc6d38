"""Guards in the OpenAPI document."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI

from tests.shared.apps import guarded_app
from watchword.auth import Guard, optional, public, requires, signed_in
from watchword.testing import Issuer

each_guard = pytest.mark.parametrize(
    ("guards", "security", "beyond"),
    [
        pytest.param([signed_in], [{"watchword": []}], None, id="signed_in"),
        pytest.param([optional], [{}, {"watchword": []}], None, id="optional"),
        pytest.param([requires("b:x"), requires("a:x")], [{"watchword": ["a:x", "b:x"]}], None, id="scopes"),
        pytest.param([optional, requires("a:x")], [{"watchword": ["a:x"]}], None, id="optional_and_scope"),
        pytest.param([requires("b:x", "a:x")], [{"watchword": ["a:x", "b:x"]}], None, id="all_scopes"),
        pytest.param(
            [requires("a:x", any_of=["b:x", "c:x"])],
            [{"watchword": ["a:x", "b:x"]}, {"watchword": ["a:x", "c:x"]}],
            None,
            id="any_of",
        ),
        pytest.param(
            [requires("b:x"), requires(any_of=["b:x", "c:x"])],
            [{"watchword": ["b:x"]}],
            None,
            id="any_of_needed_anyway",
        ),
        pytest.param([requires("a:x", role="admin")], [{"watchword": ["a:x"]}], ["role admin"], id="role"),
        pytest.param(
            [requires(role="admin", any_scope=True)], [{"watchword": []}], ["role admin"], id="role_any_scope"
        ),
        pytest.param(
            [requires("a:x", acr="mfa", max_age=300), requires(acr="pwd")],
            [{"watchword": ["a:x"]}],
            ["acr mfa", "acr pwd", "max_age 300"],
            id="acr_and_max_age",
        ),
        pytest.param(
            [requires("a:x", permission="thing:edit"), requires("a:x", role="admin")],
            [{"watchword": ["a:x"]}],
            ["permission thing:edit", "role admin"],
            id="permission_and_role",
        ),
    ],
)


def nothing() -> Callable[[], None]:
    def endpoint() -> None: ...

    return endpoint


def described(app: FastAPI, path: str) -> dict[str, Any]:
    operation: dict[str, Any] = app.openapi()["paths"][path]["get"]
    return operation


@each_guard
def test_guards_of_an_operation_are_described(
    issuer: Issuer, guards: list[Guard], security: list[Any], beyond: list[str] | None
) -> None:
    app = guarded_app(issuer)
    app.get("/", dependencies=[Depends(guard) for guard in guards])(nothing())
    operation = described(app, "/")
    assert operation["security"] == security
    assert operation.get("x-requires") == beyond
    assert "401" in operation["responses"]


@each_guard
def test_guards_of_routers_are_described_with_the_operation(
    issuer: Issuer, guards: list[Guard], security: list[Any], beyond: list[str] | None
) -> None:
    app = guarded_app(issuer)
    router = APIRouter(prefix="/inner")
    router.get("/thing")(nothing())
    for number, guard in enumerate(guards):
        outer = APIRouter(prefix=f"/{number}", dependencies=[Depends(guard)])
        outer.include_router(router)
        router = outer
    app.include_router(router)
    [path] = app.openapi()["paths"]
    assert described(app, path)["security"] == security
    assert described(app, path).get("x-requires") == beyond


def test_public_operation_requires_nothing(issuer: Issuer) -> None:
    app = guarded_app(issuer)
    app.get("/")(public(nothing()))
    assert described(app, "/")["security"] == []
    assert "401" not in described(app, "/")["responses"]


def test_challenge_for_another_sign_in_is_described_only_where_it_can_come(issuer: Issuer) -> None:
    app = guarded_app(issuer)
    for path, guard in {"/age": requires(max_age=300), "/acr": requires(acr="mfa"), "/none": signed_in}.items():
        app.get(path, dependencies=[Depends(guard)])(nothing())
    refusals = {path: described(app, path)["responses"]["401"] for path in ("/age", "/acr", "/none")}
    assert all("WWW-Authenticate" in refusal["headers"] for refusal in refusals.values())
    assert {path: "insufficient_user_authentication" in str(refusal) for path, refusal in refusals.items()} == {
        "/age": True,
        "/acr": True,
        "/none": False,
    }
    assert "403" not in described(app, "/age")["responses"]


def test_methods_of_one_path_are_described_apart(issuer: Issuer) -> None:
    app = guarded_app(issuer)
    app.get("/")(public(nothing()))
    app.put("/", dependencies=[Depends(requires("a:x"))])(nothing())
    item = app.openapi()["paths"]["/"]
    assert (item["get"]["security"], item["put"]["security"]) == ([], [{"watchword": ["a:x"]}])


def test_document_is_the_same_each_time(issuer: Issuer) -> None:
    app = guarded_app(issuer)
    app.get("/", dependencies=[Depends(requires("a:x"))])(nothing())
    assert app.openapi() == app.openapi()
    flow = app.openapi()["components"]["securitySchemes"]["watchword"]["flows"]["authorizationCode"]
    assert flow["authorizationUrl"] == f"{issuer.url}/oauth/authorize"
    assert flow["tokenUrl"] == flow["refreshUrl"] == f"{issuer.url}/oauth/token"
    assert list(flow["scopes"]) == ["a:x"]
