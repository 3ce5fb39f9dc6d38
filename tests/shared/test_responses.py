"""What an operation can answer, in the OpenAPI document: derived from its errors, its guards and what it reads."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query
from fastapi.routing import APIRoute

import identity_service
import posts_service
import watchword
from tests.shared.apps import guarded_app
from watchword.auth import Guard, optional, public, requires
from watchword.errors import AppError, Conflict, Invalid, NotFound, TooManyRequests, Unavailable
from watchword.http import BadRequestRoute, Body, StrictRoute, answer, refusals
from watchword.http.problem_documents import STATUS, status_of
from watchword.http.responses import HEADER_FIELDS
from watchword.service import install
from watchword.testing import Issuer

PROBLEM = "application/problem+json"


class NameTaken(Conflict):
    code = "name_taken"
    detail = "This name is taken."


class TooDull(Invalid):
    code = "too_dull"
    pointer = "/body/name"


class Draft(Body):
    name: str


def responses(app: FastAPI, path: str = "/things", method: str = "get") -> dict[str, Any]:
    described: dict[str, Any] = app.openapi()["paths"][path][method]["responses"]
    return described


def errors_below(kind: type[AppError]) -> Iterator[type[AppError]]:
    for error in kind.__subclasses__():
        yield error
        yield from errors_below(error)


def every_error() -> list[type[AppError]]:
    """Every error class of the library and of both services."""
    for package in (watchword, identity_service, posts_service):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Programs, which run when they are imported.
            if not module.name.endswith(("__main__", ".env", "cli")) and ".versions." not in module.name:
                importlib.import_module(module.name)
    ours = ("watchword.", "identity_service.", "posts_service.")
    return [error for error in errors_below(AppError) if error.__module__.startswith(ours)]


def test_a_refusal_is_described_by_the_class_of_its_error() -> None:
    [(status, response)] = refusals(NameTaken).items()
    assert status == 409
    assert response["description"] == "- `name_taken`: This name is taken."
    example = response["content"][PROBLEM]["examples"]["name_taken"]["value"]
    assert (example["status"], example["title"], example["detail"]) == (409, "Conflict", "This name is taken.")


def test_errors_of_one_status_are_one_answer_with_an_example_each() -> None:
    described = refusals(NotFound, NameTaken, Conflict)
    assert list(described) == [404, 409]
    assert list(described[409]["content"][PROBLEM]["examples"]) == ["conflict", "name_taken"]
    assert described[409]["description"].splitlines() == [
        "- `name_taken`: This name is taken.",
        "- `conflict`: The request conflicts with the present state.",
    ]


@pytest.mark.parametrize("error", [Unavailable, TooManyRequests])
def test_header_fields_of_an_error_are_described(error: type[AppError]) -> None:
    [response] = refusals(error).values()
    assert response["headers"].keys() == {"Retry-After"}


def test_an_error_of_one_member_names_its_code_and_its_pointer() -> None:
    [response] = refusals(TooDull).values()
    assert "`invalid`, with `too_dull` in `errors`" in response["description"]
    content = response["content"][PROBLEM]
    assert content["schema"] == {"$ref": "#/components/schemas/InvalidRequest"}
    assert content["examples"]["too_dull"]["value"]["errors"][0]["pointer"] == "/body/name"


def test_every_error_can_be_described() -> None:
    errors = [error for error in every_error() if any(kind in error.__mro__ for kind in STATUS)]
    assert len(errors) > 40
    for error in errors:
        example = error.example()
        assert 400 <= status_of(example) < 600
        assert example.headers().keys() <= HEADER_FIELDS.keys(), error
        assert refusals(error)


def test_a_guard_describes_its_refusals(issuer: Issuer) -> None:
    app = guarded_app(issuer)
    app.get("/things", dependencies=[Depends(requires("things:read"))])(lambda: None)
    described = responses(app)
    assert described.keys() == {"200", "400", "401", "403", "503"}
    assert described["401"]["headers"].keys() == described["403"]["headers"].keys() == {"WWW-Authenticate"}
    assert described["503"]["headers"].keys() == {"Retry-After"}
    assert set(described["403"]["content"][PROBLEM]["examples"]) == {"insufficient_scope"}


def test_an_optional_guard_never_answers_403(issuer: Issuer) -> None:
    app = guarded_app(issuer)
    app.get("/things", dependencies=[Depends(optional)])(lambda: None)
    assert responses(app).keys() == {"200", "400", "401", "503"}


def test_a_guard_of_ones_own_adds_what_it_raises(issuer: Issuer) -> None:
    class OwnGuard(Guard):
        further_refusals = (NameTaken,)

    app = guarded_app(issuer)
    app.get("/things", dependencies=[Depends(OwnGuard())])(lambda: None)
    assert "name_taken" in responses(app)["409"]["content"][PROBLEM]["examples"]


def test_refusals_of_guard_and_route_with_one_status_are_one_answer(issuer: Issuer) -> None:
    app = guarded_app(issuer)
    described = refusals(Unavailable, NameTaken)
    app.get("/things", dependencies=[Depends(requires("a"))], responses=described)(lambda: None)
    assert set(responses(app)["503"]["content"][PROBLEM]["examples"]) == {
        "unavailable",
        "keys_unavailable",
        "not_started",
    }


def test_a_body_can_be_refused_unread_too_large_and_invalid(issuer: Issuer) -> None:
    app = guarded_app(issuer)

    def make(draft: Draft) -> None: ...

    app.post("/things")(public(make))
    assert responses(app, method="post").keys() == {"200", "400", "422"}
    framed = guarded_app(issuer)
    framed.user_middleware.clear()
    install(framed, "things")
    framed.post("/things")(public(make))
    assert responses(framed, method="post").keys() == {"200", "400", "413", "422"}


def test_a_parameter_that_takes_any_text_is_never_invalid(issuer: Issuer) -> None:
    app = guarded_app(issuer)

    def read(name: str, wish: str | None = None, version: Annotated[str | None, Header()] = None) -> None: ...

    def find(thing_id: UUID) -> None: ...

    def search(wish: str) -> None: ...

    app.get("/things/{name}")(public(read))
    app.get("/by-id/{thing_id}")(public(find))
    app.get("/search")(public(search))
    assert responses(app, "/things/{name}").keys() == {"200"}
    assert responses(app, "/by-id/{thing_id}").keys() == responses(app, "/search").keys() == {"200", "422"}


def test_a_class_of_routes_can_answer_400_to_what_is_malformed(issuer: Issuer) -> None:
    class Protocol(APIRoute):
        malformed_status = 400

    app = guarded_app(issuer)
    router = APIRouter(route_class=Protocol)

    def make(draft: Draft, thing_id: UUID) -> None: ...

    router.post("/things")(public(make))
    app.include_router(router)
    assert responses(app, method="post").keys() == {"200", "400"}


def test_a_refusal_of_all_that_is_malformed_is_described_with_its_errors(issuer: Issuer) -> None:
    app = guarded_app(issuer)
    router = APIRouter(route_class=BadRequestRoute)

    def make(draft: Draft) -> None: ...

    router.post("/things")(public(make))
    app.include_router(router)
    refused = responses(app, method="post")["400"]["content"][PROBLEM]
    assert refused["schema"]["anyOf"] == [
        {"$ref": f"#/components/schemas/{name}"} for name in ("InvalidRequest", "Problem")
    ]
    assert refused["examples"]["bad_request"]["value"]["errors"]


@pytest.mark.parametrize(("route_class", "status"), [(StrictRoute, "422"), (BadRequestRoute, "400")])
async def test_an_operation_that_refuses_a_repeated_parameter_is_described_so(
    issuer: Issuer, route_class: type[APIRoute], status: str
) -> None:
    app = guarded_app(issuer)
    router = APIRouter(route_class=route_class)
    router.get("/things")(public(lambda: None))
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.example") as http:
        assert (await http.get("/things?x=1&x=2")).status_code == int(status)
    assert responses(app).keys() == {"200", status}


def test_a_parameter_that_can_be_left_out_is_never_null(issuer: Issuer) -> None:
    app = guarded_app(issuer)

    def find(
        name: str | None = None,
        size: Annotated[int | None, Query(ge=1, description="In bytes")] = None,
        either: int | UUID | None = None,
        version: Annotated[str | None, Header()] = None,
    ) -> None: ...

    app.get("/things")(public(find))
    described = app.openapi()["paths"]["/things"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in described}
    assert schemas["size"] == {"type": "integer", "minimum": 1, "description": "In bytes", "title": "Size"}
    assert schemas["either"]["anyOf"] == [{"type": "integer"}, {"type": "string", "format": "uuid"}]
    assert "null" not in str(schemas)


def test_routers_and_routes_add_up(issuer: Issuer) -> None:
    app = guarded_app(issuer)
    router = APIRouter(prefix="/things", responses=refusals(Unavailable))
    router.put("", responses=answer(200, "ETag") | refusals(NameTaken))(public(lambda: None))
    app.include_router(router)
    described = responses(app, method="put")
    assert described.keys() == {"200", "409", "503"}
    assert described["200"]["headers"].keys() == {"ETag"}


def test_nothing_of_the_frameworks_own_errors_is_left(issuer: Issuer) -> None:
    app = guarded_app(issuer)

    def make(draft: Draft) -> None: ...

    app.post("/things")(public(make))
    assert "ValidationError" not in str(app.openapi())
    assert {"Flaw", "InvalidRequest", "Problem"} <= app.openapi()["components"]["schemas"].keys()
