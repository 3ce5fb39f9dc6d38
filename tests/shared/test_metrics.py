"""Metrics: labels of few values, read when they are rendered, separate for each app."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Response
from prometheus_client import generate_latest

from tests.shared.apps import client_for
from tests.support.metrics import Scrape, scrape
from watchword.auth import public
from watchword.errors import Unavailable
from watchword.http import problems
from watchword.metrics import workers
from watchword.metrics.metrics import Metrics, metrics_routes
from watchword.service.middleware import OutermostMiddleware

REQUESTS = "watchword_http_requests_total"
DURATION = "watchword_http_request_duration_seconds"
THINGS = "/things/{thing_id}"


def measured_app(metrics: Metrics) -> FastAPI:
    app = FastAPI()
    app.add_middleware(OutermostMiddleware, on_answer=metrics.count_request)
    problems.install(app)

    @app.get(THINGS)
    @public
    async def thing(thing_id: str) -> Response:
        if thing_id == "broken":
            raise RuntimeError("a mistake")
        if thing_id == "away":
            raise Unavailable
        return Response()

    app.include_router(metrics_routes(metrics))
    return app


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def rendered(metrics: Metrics) -> Scrape:
    return Scrape(metrics.render().decode())


async def test_requests_are_counted_by_method_template_and_status(metrics: Metrics) -> None:
    async with client_for(measured_app(metrics)) as http:
        for name in ("one", "two", "away", "broken"):
            await http.get(f"/things/{name}")
        await http.head("/things/one")
        await http.post("/things/one")
        figures = await scrape(http)
    counts = {status: figures(REQUESTS, method="GET", route=THINGS, status=status) for status in ("200", "503", "500")}
    assert counts == {"200": 3, "503": 1, "500": 1}
    assert figures(REQUESTS, method="POST", route=THINGS, status="405") == 1
    assert figures(f"{DURATION}_count", method="GET", route=THINGS, status="200") == 3
    assert figures(f"{DURATION}_bucket", method="GET", route=THINGS, status="200", le="+Inf") == 3
    assert figures(f"{DURATION}_sum", method="GET", route=THINGS, status="200") > 0


async def test_paths_and_methods_that_clients_invent_are_no_labels(metrics: Metrics) -> None:
    async with client_for(measured_app(metrics)) as http:
        for number in range(5):
            await http.get(f"/things/{number}?token=secret")
            await http.get(f"/nowhere/{number}")
            await http.request(f"METHOD{number}", "/nowhere")
        figures = await scrape(http)
    assert figures.values("route") == {THINGS, "other"}
    assert figures.values("method") == {"GET", "other"}
    assert "secret" not in figures.text


async def test_request_whose_client_has_gone_is_counted(metrics: Metrics) -> None:
    gone = asyncio.CancelledError

    async def app(*_: object) -> None:
        raise gone

    answer: Callable[..., Awaitable[None]] = OutermostMiddleware(app, on_answer=metrics.count_request)
    with pytest.raises(gone):
        await answer({"type": "http", "method": "GET", "path": "/", "headers": []}, None, None)
    assert rendered(metrics)(REQUESTS, method="GET", route="other", status="aborted") == 1


def test_values_are_read_when_they_are_rendered(metrics: Metrics) -> None:
    now, pools, outcomes = [1.0], {"a": 1.0, "b": 2.0}, {"ok": 0, "failed": 0}
    metrics.gauge("a_gauge", "One", lambda: now[0], "livemax")
    metrics.gauges("gauges", "Some", "pool", lambda: pools, "livesum")
    metrics.counter("a_tally_total", "Counted", "outcome", lambda: outcomes)
    figures = rendered(metrics)
    assert (figures("a_gauge"), figures("gauges", pool="b"), figures("a_tally_total", outcome="ok")) == (1, 2, 0)
    now[0], pools["b"], outcomes["ok"] = 3.0, 0.0, 5
    metrics.refresh()
    figures = rendered(metrics)
    assert (figures("a_gauge"), figures("gauges", pool="b"), figures("a_tally_total", outcome="ok")) == (3, 0, 5)
    assert figures("a_tally_total", outcome="failed") == 0


async def test_two_apps_in_one_process_share_no_metrics() -> None:
    async with client_for(measured_app(Metrics())) as one, client_for(measured_app(Metrics())) as other:
        await one.get("/things/one")
        assert (await scrape(one))(REQUESTS, method="GET", route=THINGS, status="200") == 1
        assert (await scrape(other))(REQUESTS, method="GET", route=THINGS, status="200") == 0


async def test_only_declared_metrics_are_rendered(metrics: Metrics) -> None:
    async with client_for(measured_app(metrics)) as http:
        await http.get("/things/one")
        answer: httpx.Response = await http.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert set(Scrape(answer.text).types) == {REQUESTS, DURATION}


def test_a_process_that_starts_spoils_nobodys_metrics(tmp_path: Path) -> None:
    # prometheus_client makes its file first, and gives it a size afterwards.
    (tmp_path / "counter_1.db").touch()
    assert generate_latest(workers.merge(tmp_path)) == b""
