"""Traces: off unless the environment turns them on, without secrets, and with one id for one request everywhere."""

import json
import logging
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Response
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from posts_service.posts.reading_statements import BY_ID
from tests.shared.apps import client_for
from tests.shared.key_server import KeyServer
from tests.support.databases import Databases
from watchword.auth import public
from watchword.database.database import Database
from watchword.database.statements import Statement
from watchword.http_client.traced import TracedClient
from watchword.observability import tracing
from watchword.observability.logs import JsonFormatter, request_id
from watchword.observability.provider import provider_for
from watchword.service.middleware import OutermostMiddleware

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

    async with client_for(app) as http:
        yield http


def the_span(spans: InMemorySpanExporter, name: str) -> ReadableSpan:
    (span,) = [span for span in spans.get_finished_spans() if span.name == name]
    return span


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    return span.attributes or {}


def test_traces_are_off_unless_the_environment_turns_them_on(environment: pytest.MonkeyPatch) -> None:
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
def test_service_has_its_own_name_unless_the_environment_has_another(
    environment: pytest.MonkeyPatch, named: str, expected: str
) -> None:
    environment.setenv("OTEL_SERVICE_NAME", named)
    assert provider_for("tested").resource.attributes["service.name"] == expected


async def test_span_and_log_line_of_a_request_carry_the_same_ids(
    spans: InMemorySpanExporter, http: httpx.AsyncClient
) -> None:
    trace = secrets.token_hex(16)
    fields = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01", "X-Request-ID": "this-one"}
    line = (await http.get("/things/one", headers=fields)).json()
    assert (line["trace_id"], line["request_id"]) == (trace, "this-one")
    span = the_span(spans, "GET /things/{thing_id}")
    assert attributes(span)["watchword.request_id"] == "this-one"
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == trace


async def test_span_holds_no_path_no_query_and_no_header(spans: InMemorySpanExporter, http: httpx.AsyncClient) -> None:
    await http.get("/things/secret?token=secret", headers={"Authorization": "Bearer secret", "Cookie": "a=secret"})
    span = the_span(spans, "GET /things/{thing_id}")
    assert "secret" not in span.to_json()


async def test_probes_have_no_span(spans: InMemorySpanExporter, http: httpx.AsyncClient) -> None:
    assert (await http.get("/livez")).status_code == 200
    assert spans.get_finished_spans() == ()


async def test_request_has_no_trace_while_traces_are_off(http: httpx.AsyncClient) -> None:
    assert "trace_id" not in (await http.get("/things/one")).json()


async def test_call_carries_the_request_id_also_while_traces_are_off(key_server: KeyServer) -> None:
    token = request_id.set("this-one")
    async with TracedClient(trust_env=False) as http:
        answer = await http.get(key_server.url)
        own = await http.get(key_server.url, headers={"X-Request-ID": "another"})
    request_id.reset(token)
    assert (answer.request.headers["X-Request-ID"], own.request.headers["X-Request-ID"]) == ("this-one", "another")
    assert "traceparent" not in answer.request.headers


async def test_call_carries_its_span_and_says_how_it_ended(spans: InMemorySpanExporter, key_server: KeyServer) -> None:
    key_server.err(status="503 Service Unavailable")
    async with TracedClient(trust_env=False) as http:
        secret = key_server.url.replace("://", "://user:secret@") + "?token=secret"
        answer = await http.get(secret, headers={"Authorization": "Bearer secret"})
    span = the_span(spans, "GET")
    assert span.context is not None
    assert answer.request.headers["traceparent"].split("-")[1:3] == [
        f"{span.context.trace_id:032x}",
        f"{span.context.span_id:016x}",
    ]
    assert attributes(span)["http.response.status_code"] == 503
    assert span.status.status_code == StatusCode.ERROR
    assert "secret" not in span.to_json()


async def test_call_that_fails_has_a_span_with_the_kind_of_failure(
    spans: InMemorySpanExporter, key_server: KeyServer
) -> None:
    await key_server.stop()
    async with TracedClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(key_server.url)
    span = the_span(spans, "GET")
    assert (attributes(span)["error.type"], span.status.status_code) == ("ConnectError", StatusCode.ERROR)
    assert span.events == ()


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
    assert names == ["SELECT posts.posts", "transaction", "transaction", "outer"]
    assert "00000000-" not in the_span(spans, "SELECT posts.posts").to_json()


async def use(database: Database, statement: Statement) -> None:
    await database.reads.fetch_row(statement, post_id=UUID(int=0), reader_id=None)
    async with database.begin() as db:
        await db.connection()
    async with database.writes.begin() as writing:
        await writing.execute(statement, post_id=UUID(int=0), reader_id=None)
