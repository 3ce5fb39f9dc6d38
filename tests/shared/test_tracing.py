"""Traces: off unless the environment wants them, without secrets, and one id for one request everywhere."""

import json
import logging
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from posts_service.posts.repository import BY_ID
from tests.shared.apps import asked
from tests.shared.key_server import KeyServer, serving
from tests.support.databases import Databases
from watchword.auth import public
from watchword.database.database import Database
from watchword.database.reads import ReadStatement
from watchword.http_client.traced import TracedClient
from watchword.observability import tracing
from watchword.observability.logs import JsonFormatter, request_id
from watchword.observability.provider import provider_for
from watchword.service.middleware import OutermostMiddleware
from watchword.testing import Issuer

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
ENVIRONMENT = (ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SERVICE_NAME", "OTEL_SDK_DISABLED")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    yield monkeypatch
    tracing.trace_to(None)


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """Every span that has ended; traces are on."""
    exporter = InMemorySpanExporter()
    provider = provider_for("tested")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.trace_to(provider)
    return exporter


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that is built after traces are on or off."""
    app = FastAPI(telemetry=tracing.telemetry())
    app.add_middleware(OutermostMiddleware)

    @app.get("/things/{thing_id}")
    @public
    async def thing(thing_id: str) -> dict[str, str | None]:
        logger = logging.getLogger("a.logger")
        record = logger.makeRecord(logger.name, logging.INFO, "file.py", 1, "said", (), None)
        return dict(json.loads(JsonFormatter("tested").format(record)))

    @app.get("/livez")
    @public
    async def livez() -> Response:
        return Response()

    async with asked(app) as found:
        yield found


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with serving(Issuer()) as found:
        yield found


def one(spans: InMemorySpanExporter, name: str) -> ReadableSpan:
    (found,) = [span for span in spans.get_finished_spans() if span.name == name]
    return found


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    return span.attributes or {}


def test_traces_are_off_unless_the_environment_wants_them(environment: pytest.MonkeyPatch) -> None:
    tracing.configure_tracing("tested")
    assert not tracing.is_on()
    assert tracing.telemetry() == {"tracing": False, "metrics": False, "logs": False}
    environment.setenv(ENDPOINT, "http://collector.example:4318")
    tracing.configure_tracing("tested")
    assert tracing.is_on()
    environment.setenv("OTEL_SDK_DISABLED", "true")
    tracing.configure_tracing("tested")
    assert not tracing.is_on()


@pytest.mark.parametrize(("named", "expected"), [("", "tested"), ("another", "another")])
def test_service_has_its_name_unless_the_environment_has_another(
    environment: pytest.MonkeyPatch, named: str, expected: str
) -> None:
    environment.setenv("OTEL_SERVICE_NAME", named)
    assert provider_for("tested").resource.attributes["service.name"] == expected


async def test_span_and_log_line_of_a_request_know_each_other(
    spans: InMemorySpanExporter, http: httpx.AsyncClient
) -> None:
    trace = secrets.token_hex(16)
    fields = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01", "X-Request-ID": "this-one"}
    line = (await http.get("/things/one", headers=fields)).json()
    assert (line["trace_id"], line["request_id"]) == (trace, "this-one")
    found = one(spans, "GET /things/{thing_id}")
    assert attributes(found)["watchword.request_id"] == "this-one"
    assert found.context is not None
    assert f"{found.context.trace_id:032x}" == trace


async def test_span_holds_no_path_no_query_and_no_header(spans: InMemorySpanExporter, http: httpx.AsyncClient) -> None:
    await http.get("/things/secret?token=secret", headers={"Authorization": "Bearer secret", "Cookie": "a=secret"})
    found = one(spans, "GET /things/{thing_id}")
    assert "secret" not in found.to_json()


async def test_probes_have_no_span(spans: InMemorySpanExporter, http: httpx.AsyncClient) -> None:
    assert (await http.get("/livez")).status_code == 200
    assert spans.get_finished_spans() == ()


async def test_request_has_no_trace_where_they_are_off(http: httpx.AsyncClient) -> None:
    assert "trace_id" not in (await http.get("/things/one")).json()


async def test_call_carries_the_request_id_also_where_traces_are_off(server: KeyServer) -> None:
    token = request_id.set("this-one")
    async with TracedClient(trust_env=False) as http:
        answer = await http.get(server.url)
        own = await http.get(server.url, headers={"X-Request-ID": "another"})
    request_id.reset(token)
    assert (answer.request.headers["X-Request-ID"], own.request.headers["X-Request-ID"]) == ("this-one", "another")
    assert "traceparent" not in answer.request.headers


async def test_call_carries_its_span_and_says_how_it_ended(spans: InMemorySpanExporter, server: KeyServer) -> None:
    server.err(status="503 Service Unavailable")
    async with TracedClient(trust_env=False) as http:
        secret = server.url.replace("://", "://user:secret@") + "?token=secret"
        answer = await http.get(secret, headers={"Authorization": "Bearer secret"})
    found = one(spans, "GET")
    assert found.context is not None
    assert answer.request.headers["traceparent"].split("-")[1:3] == [
        f"{found.context.trace_id:032x}",
        f"{found.context.span_id:016x}",
    ]
    assert attributes(found)["http.response.status_code"] == 503
    assert found.status.status_code == StatusCode.ERROR
    assert "secret" not in found.to_json()


async def test_call_that_fails_has_a_span_with_the_kind_of_failure(
    spans: InMemorySpanExporter, server: KeyServer
) -> None:
    await server.stop()
    async with TracedClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(server.url)
    found = one(spans, "GET")
    assert (attributes(found)["error.type"], found.status.status_code) == ("ConnectError", StatusCode.ERROR)
    assert found.events == ()


async def test_database_has_spans_within_a_trace_and_none_without(
    spans: InMemorySpanExporter, databases: Databases
) -> None:
    database = Database(databases.url("posts_app"), size=1)
    try:
        await use(database, BY_ID)
        assert spans.get_finished_spans() == ()
        with tracing.client_span("outer", {}):
            await use(database, BY_ID)
    finally:
        await database.close()
    names = [span.name for span in spans.get_finished_spans()]
    assert names == ["SELECT posts.posts", "transaction", "outer"]
    assert "00000000-" not in one(spans, "SELECT posts.posts").to_json()


async def use(database: Database, statement: ReadStatement) -> None:
    await database.reads.row(statement, post_id="00000000-0000-0000-0000-000000000000")
    async with database.begin() as db:
        await db.connection()
