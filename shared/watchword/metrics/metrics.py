"""Figures for Prometheus: /metrics, and what an app counts for it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from starlette.types import Scope

from watchword.auth import public
from watchword.metrics import workers

MultiprocessMode = Literal["livesum", "livemax"]
"""What a gauge of several processes is for one who asks: the sum of those that live, or the greatest."""

REFRESH_SECONDS: Final = 1.0
OTHER: Final = "other"
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LATENCIES: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The figures of one app, in a registry of its own: two apps in one process do not meet.

    The parts of an app count in plain numbers of their own, which are read when somebody asks. Where several processes
    serve, each writes its figures down every second, and the one that is asked adds up those of all.
    """

    def __init__(self) -> None:
        # When a counter began is nothing that Prometheus asks for, and would double the figures.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._folder = workers.folder()
        self._refreshers: list[Callable[[], None]] = []
        labels = ("method", "route", "status")
        self._count = Counter("watchword_http_requests_total", "Requests answered", labels, registry=self._registry)
        self._duration = self.histogram(
            "watchword_http_request_duration_seconds", "Time from a request to its answer", _LATENCIES, labels
        )
        self._answered: dict[tuple[str, str, int | None], tuple[Counter, Histogram]] = {}

    def gauge(self, name: str, says: str, read: Callable[[], float], across: MultiprocessMode) -> None:
        """A figure that goes up and down."""
        gauge = Gauge(name, says, registry=self._registry, multiprocess_mode=across)
        self._refreshers.append(lambda: gauge.set(read()))

    def gauges(
        self, name: str, says: str, label: str, read: Callable[[], Mapping[str, float]], across: MultiprocessMode
    ) -> None:
        """Figures that go up and down, by a label of few values."""
        gauge = Gauge(name, says, [label], registry=self._registry, multiprocess_mode=across)

        def refresh() -> None:
            for value, figure in read().items():
                gauge.labels(value).set(figure)

        self._refreshers.append(refresh)

    def counter(self, name: str, says: str, label: str, read: Callable[[], Mapping[str, int]]) -> None:
        """What a part has counted since it began, by a label of few values."""
        prometheus_counter = Counter(name, says, [label], registry=self._registry)
        told: dict[str, int] = {}

        def refresh() -> None:
            for value, count in read().items():
                prometheus_counter.labels(value).inc(count - told.get(value, 0))
                told[value] = count

        self._refreshers.append(refresh)

    def histogram(self, name: str, says: str, buckets: Sequence[float], labels: Sequence[str] = ()) -> Histogram:
        """How often a figure was at most so much; for figures that are too many to keep."""
        return Histogram(name, says, labels, registry=self._registry, buckets=buckets)

    def answered(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Count one request, by the template of its route: what strangers write into a path is no label."""
        method = scope["method"]
        key = (method if method in _METHODS else OTHER, getattr(scope.get("route"), "path_format", OTHER), status)
        found = self._answered.get(key)
        if found is None:
            values = (key[0], key[1], "aborted" if status is None else str(status))
            found = self._answered[key] = (self._count.labels(*values), self._duration.labels(*values))
        found[0].inc()
        found[1].observe(seconds)

    def refresh(self) -> None:
        for refresh in self._refreshers:
            refresh()

    async def keep(self) -> None:
        """Where several processes serve, write this one's figures down for as long as the task lives."""
        if self._folder is None:
            return
        try:
            while True:
                self.refresh()
                await asyncio.sleep(REFRESH_SECONDS)
        finally:
            self.refresh()

    def render(self) -> bytes:
        """Prometheus' text format, of every process of this service on this machine."""
        self.refresh()
        return generate_latest(self._registry if self._folder is None else workers.merged(self._folder))


def metrics_routes(metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/metrics", summary="Figures for Prometheus")
    @public
    async def show() -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)

    return router
