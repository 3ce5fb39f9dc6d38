"""An app whose operations are declared once for any class of routes, so that two classes can be compared."""

from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query
from fastapi.routing import APIRoute
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from tests.shared.apps import BODY_LIMIT
from tests.shared.chat import Source, session_revocation
from watchword.auth import Principal, optional, protect, public, requires
from watchword.errors import Conflict
from watchword.http import Body, Preconditions, Text
from watchword.service.installation import add_frame
from watchword.testing import Issuer

SIGNED_OUT: Final = "signed-out"
"""The session whose tokens the app refuses."""


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Thing(Body):
    name: Annotated[Text, Query(max_length=10)]
    size: int = 1
    parts: list[dict[str, int]] | None = None


class Taken(Conflict):
    code = "taken"
    detail = "This name is taken."


class Odd(Exception):
    """The app has a handler of its own for it, which reads the body."""


class Odder(Exception):
    """Its handler raises another error."""


def is_served_by_fastapi(request: Request) -> bool:
    return "fastapi_inner_astack" in request.scope


async def note_way(request: Request) -> None:
    """Note how the request is answered, for the tests: in a list of the app's."""
    request.app.state.ways.append("fastapi" if is_served_by_fastapi(request) else "planned")


async def conditions(
    request: Request,
    if_match: Annotated[str | None, Header(alias="If-Match")] = None,
    depth: Annotated[int, Header()] = 0,
) -> tuple[Preconditions, str | None, int]:
    return Preconditions.of(request.headers), if_match, depth


async def page(limit: Annotated[int, Query(ge=1, le=50)] = 20, after: str | None = None) -> tuple[int, str | None]:
    return limit, after


Reader = Annotated[Principal | None, Depends(optional)]
Writer = Annotated[Principal, Depends(requires("things:write"))]
Conditions = Annotated[tuple[Preconditions, str | None, int], Depends(conditions)]
Page = Annotated[tuple[int, str | None], Depends(page)]


def app_of(issuer: Issuer, route_class: type[APIRoute]) -> FastAPI:
    source = Source()
    source.revocations.add(session_revocation(SIGNED_OUT), 0)
    app = FastAPI(title="Things")
    app.state.ways = []
    protect(app, issuer.verifier(revocations=source))
    add_frame(app, BODY_LIMIT)
    app.add_exception_handler(Odd, _answer_odd)
    app.add_exception_handler(Odder, _raise_taken)
    router = APIRouter(prefix="/things", route_class=route_class, dependencies=[Depends(note_way)])
    for declare in (_reads, _writes, _errors):
        declare(router)
    app.include_router(router, prefix="/api")
    return app


async def _answer_odd(request: Request, error: Exception) -> Response:
    return Response(await request.body(), 418, {"X-Odd": str(error)})


async def _raise_taken(request: Request, error: Exception) -> Response:
    raise Taken(str(error))


def _reads(router: APIRouter) -> None:
    @router.get("/news")
    @public
    async def read_news() -> dict[str, str]:
        return {"news": "none"}

    @router.get("/{number:int}")
    async def read_thing(number: int, reader: Reader, conditions: Conditions) -> Response:
        return JSONResponse([number, str(reader.subject if reader else None), *map(str, conditions)])

    @router.get("")
    async def list_things(
        reader: Reader,
        page: Page,
        state: Annotated[Colour, Query()],
        exact: Annotated[bool, Query(alias="is-exact")] = False,
    ) -> Response:
        return JSONResponse([reader is None, *page, state, exact])

    @router.get("/{number}/parts/{part}")
    async def read_part(number: int, part: str, writer: Writer, request: Request) -> Response:
        return Response(f"{number} {part} {request.query_params} {sorted(request.path_params)} {writer.subject}")

    @router.get("/{number}/stream")
    async def stream_thing(number: int, writer: Writer) -> StreamingResponse:
        return StreamingResponse(iter(["a", str(number)]), media_type="text/plain")

    @router.get("/{number}/later")
    @public
    async def read_with_task(number: int, request: Request) -> Response:
        return Response(str(number), background=BackgroundTask(request.app.state.ways.append, "task"))


def _writes(router: APIRouter) -> None:
    @router.post("", status_code=201)
    async def make_thing(thing: Thing, writer: Writer, page: Page) -> Response:
        return Response(thing.model_dump_json(), 201, {"Location": f"/{thing.name}"}, "application/json")

    @router.patch("/{number}")
    async def change_thing(
        number: int, thing: Thing, writer: Writer, conditions: Conditions, request: Request
    ) -> Response:
        return JSONResponse([number, thing.model_dump(), len(await request.body()), *map(str, conditions)])

    @router.put("/{number}")
    async def replace_thing(number: int, writer: Writer, thing: Thing | None = None) -> Response:
        return JSONResponse([number, thing.model_dump() if thing else None])

    @router.post("/{number}/touch")
    async def touch_thing(number: int, writer: Writer) -> Response:
        return Response(status_code=204)


def _errors(router: APIRouter) -> None:
    errors: dict[str, Exception] = {
        "taken": Taken("by another"),
        "teapot": HTTPException(418, "short and stout", {"X-Kind": "teapot"}),
        "odd": Odd("odd"),
        "odder": Odder("odder"),
        "bug": ValueError("a bug"),
    }

    @router.post("/errors/{name}")
    async def fail(name: str, thing: Thing, writer: Writer) -> Response:
        raise errors[name]

    @router.get("/errors/{name}")
    @public
    async def fail_to_read(name: str) -> Response:
        raise errors[name]

    async def failing(name: str) -> Any:
        raise errors[name]

    @router.get("/errors/{name}/early", dependencies=[Depends(failing)])
    @public
    async def fail_early(name: str) -> Response:
        return Response()
