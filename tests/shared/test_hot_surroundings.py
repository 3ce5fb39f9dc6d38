"""What is around the routes of an app sees those that are answered by a plan as it sees others."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Scope

from tests.shared.apps import client_for
from tests.shared.chat import Source, session_revocation
from tests.shared.hot_things import is_served_by_fastapi
from watchword.auth import Principal, protect, requires
from watchword.http import StrictHotRoute, hot, problems
from watchword.metrics import Metrics
from watchword.observability import tracing
from watchword.observability.provider import provider_for
from watchword.service.installation import add_frame
from watchword.testing import Issuer

Caller = Annotated[Principal, Depends(requires("a:x"))]


class Thing(BaseModel):
    name: str


def things() -> APIRouter:
    router = APIRouter(prefix="/things", route_class=StrictHotRoute)

    @router.get("/{name}")
    async def read(name: str, request: Request) -> Response:
        return Response("fastapi" if is_served_by_fastapi(request) else "planned")

    @router.post("")
    async def make(thing: Thing) -> Response:
        return Response(thing.name)

    return router


def framed_app(metrics: Metrics | None = None) -> FastAPI:
    app = FastAPI(telemetry=tracing.telemetry())
    add_frame(app, 2_048, None, metrics.count_request if metrics is not None else None)
    app.include_router(things(), prefix="/api")
    return app


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Every span that has ended; traces are on."""
    exporter = InMemorySpanExporter()
    provider = provider_for("tested")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.trace_to(provider)
    yield exporter
    tracing.trace_to(None)


async def test_a_trace_names_the_route(spans: InMemorySpanExporter) -> None:
    async with client_for(framed_app()) as http:
        assert (await http.get("/api/things/one")).text == "fastapi"
    (span,) = spans.get_finished_spans()
    assert (span.name, (span.attributes or {})["http.route"]) == ("GET /api/things/{name}", "/api/things/{name}")


async def test_requests_are_counted_by_the_template_of_the_route() -> None:
    metrics = Metrics()
    async with client_for(framed_app(metrics)) as http:
        assert (await http.get("/api/things/one")).text == "planned"
        assert (await http.post("/api/things", json={"name": "a"})).text == "a"
    text = metrics.render().decode()
    assert 'watchword_http_requests_total{method="GET",route="/things/{name}",status="200"} 1.0' in text
    assert 'watchword_http_requests_total{method="POST",route="/things",status="200"} 1.0' in text


async def test_a_url_is_built_from_the_name_of_a_route() -> None:
    app, router = framed_app(), APIRouter(prefix="/links", route_class=StrictHotRoute)

    @router.get("/{number}")
    async def link(number: int, request: Request) -> Response:
        return Response(str(request.url_for("link", number=str(number + 1))))

    app.include_router(router)
    async with client_for(app) as http:
        assert (await http.get("/links/1")).text == "http://service.example/links/2"


async def test_requests_at_once_are_answered_each_with_its_own_arguments() -> None:
    async with client_for(framed_app()) as http:
        names = [str(number) for number in range(50)]
        answers = await asyncio.gather(*(http.post("/api/things", json={"name": name}) for name in names))
    assert [answer.text for answer in answers] == names


@pytest.mark.parametrize("parts", [[], [b'{"name":'], [b'{"name": "a"']])
async def test_a_client_that_leaves_before_its_body_has_arrived_gets_no_answer(parts: list[bytes]) -> None:
    metrics = Metrics()
    app = framed_app(metrics)
    messages: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.disconnect"})
    received = iter(messages)
    sent: list[Message] = []

    async def receive() -> Message:
        return next(received, messages[-1])

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/things",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await app(scope, receive, send)
    assert 'route="/things",status="aborted"} 1.0' in metrics.render().decode()


class Events:
    """An app with a stream that a caller listens to, and the source of revocations that its guard obeys."""

    def __init__(self, issuer: Issuer) -> None:
        self.source = Source()
        self.app = FastAPI()
        self.begun = asyncio.Event()
        router = APIRouter(prefix="/events", route_class=StrictHotRoute)

        @router.get("")
        async def listen(_: Caller, request: Request) -> StreamingResponse:
            way = "fastapi" if is_served_by_fastapi(request) else "planned"
            return StreamingResponse(self._events(way), media_type="text/event-stream")

        self.app.include_router(router)
        protect(self.app, issuer.verifier(revocations=self.source))
        add_frame(self.app, 2_048)

    async def _events(self, way: str) -> AsyncIterator[str]:
        yield f"data: {way}\n\n"
        self.begun.set()
        await asyncio.Event().wait()


async def test_a_stream_ends_with_the_session_of_its_caller(issuer: Issuer) -> None:
    events = Events(issuer)
    async with client_for(events.app) as http:
        headers = issuer.bearer(scope="a:x", claims={"sid": "one"})
        answer = asyncio.create_task(http.get("/events", headers=headers))
        await events.begun.wait()
        events.source.revocations.add(session_revocation("one"), 0)
        assert (await answer).text == 'data: planned\n\nevent: signed-out\ndata: {"code":"unauthenticated"}\n\n'


async def test_an_app_without_guards_and_frame_answers_its_hot_routes() -> None:
    app = FastAPI()
    problems.install(app)
    hot.install(app)
    app.include_router(things())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as http:
        assert (await http.get("/things/one")).text == "planned"
