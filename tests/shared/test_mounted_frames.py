"""An app with a frame of its own, mounted under another one that has a frame and the same verifier."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response, StreamingResponse

from tests.shared.apps import client_for
from tests.shared.chat import Source, session_revocation
from watchword.auth import Principal, protect, public, requires
from watchword.http import HotRoute
from watchword.service.installation import add_frame
from watchword.testing import Issuer

Caller = Annotated[Principal, Depends(requires("a:x"))]


async def parts() -> AsyncIterator[str]:
    yield "one"


def routes(source: Source) -> APIRouter:
    router = APIRouter(route_class=HotRoute)

    @router.get("/whole")
    async def whole(caller: Caller) -> Response:
        return Response(caller.subject)

    @router.get("/revoking")
    async def revoking(_: Caller) -> StreamingResponse:
        source.revocations.add(session_revocation("ada"), 0)
        return StreamingResponse(parts())

    @router.get("/broken")
    @public
    async def broken() -> Response:
        raise RuntimeError("broken")

    return router


@pytest.fixture
async def http(issuer: Issuer, has_outer_frame: bool) -> AsyncIterator[httpx.AsyncClient]:
    source = Source()
    verifier, outer, inner = issuer.verifier(revocations=source), FastAPI(), FastAPI()
    inner.include_router(routes(source))
    outer.mount("/inner", public(inner))
    for app in (inner, outer):
        protect(app, verifier)
    add_frame(inner, 2_048)
    if has_outer_frame:
        add_frame(outer, 2_048)
    async with client_for(outer) as http:
        yield http


@pytest.mark.parametrize("has_outer_frame", [True, False], ids=["two frames", "one frame"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("path", "status"), [("whole", 200), ("revoking", 401), ("broken", 500), ("nothing", 404)])
async def test_every_request_is_answered_once_by_the_inner_app(
    http: httpx.AsyncClient, issuer: Issuer, method: str, path: str, status: int
) -> None:
    headers = issuer.bearer("ada", scope="a:x", claims={"sid": "ada"}) | {"X-Request-ID": "one"}
    answer = await http.request(method, f"/inner/{path}", headers=headers)
    assert (answer.status_code, {*answer.headers.get_list("x-request-id")}) == (status, {"one"})
