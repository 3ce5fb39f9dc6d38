"""Metrics for Prometheus: /metrics, and what an app measures for it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from prometheus_client.registry import Collector
from starlette.types import Scope

from watchword.auth import public
from watchword.metrics import workers
from watchword.tally import Tally
from watchword.tasks import repeat

logger = logging.getLogger("watchword.metrics")

MultiprocessMode = Literal["livesum", "livemax"]
"""How a gauge is combined across worker processes: the sum or the maximum of those that are alive."""

REFRESH_SECONDS: Final = 1.0
OTHER: Final = "other"
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_LATENCIES: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_RequestKey = tuple[str, str, int | None]
"""Method, route and status of a request."""


class PrometheusText(Response):
    media_type = CONTENT_TYPE_LATEST


@dataclass(slots=True)
class _RequestMetrics:
    """The metrics of the requests with one key. `count` is their number, of which the counter has `exported`."""

    requests: Counter
    durations: Histogram
    count: int = 0
    exported: int = 0


class Metrics:
    """The metrics of one app, in a registry of its own, so that two apps in one process do not share any.

    The parts of an app count in plain numbers of their own, which are read when the metrics are rendered. If several
    processes serve, each writes its metrics to a file every second, and each renders those of all.
    """

    def __init__(self) -> None:
        # The time at which each counter was created would double the number of samples.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._folder = workers.folder()
        self._refreshers: list[Callable[[], None]] = []
        self._collectors: list[Collector] = []
        labels = ("method", "route", "status")
        self._requests = Counter("watchword_http_requests_total", "Requests answered", labels, registry=self._registry)
        self._durations = self.histogram(
            "watchword_http_request_duration_seconds", "Time from a request to its answer", _LATENCIES, labels
        )
        # Looking up the metrics by their labels for each request costs more than the rest of counting it.
        self._by_key: dict[_RequestKey, _RequestMetrics] = {}
        self._refreshers.append(self._export_requests)

    def add(self, collector: Collector) -> None:
        """Render also what this collector finds, in whichever process renders."""
        self._collectors.append(collector)
        if self._folder is None:
            self._registry.register(collector)

    def gauge(self, name: str, help_text: str, read: Callable[[], float], multiprocess_mode: MultiprocessMode) -> None:
        """A value that goes up and down."""
        gauge = Gauge(name, help_text, registry=self._registry, multiprocess_mode=multiprocess_mode)
        self._refreshers.append(lambda: gauge.set(read()))

    def gauges(
        self,
        name: str,
        help_text: str,
        label: str,
        read: Callable[[], Mapping[str, float]],
        multiprocess_mode: MultiprocessMode,
    ) -> None:
        """Values that go up and down, by a label that has few values."""
        gauge = Gauge(name, help_text, [label], registry=self._registry, multiprocess_mode=multiprocess_mode)

        def refresh() -> None:
            for label_value, value in read().items():
                gauge.labels(label_value).set(value)

        self._refreshers.append(refresh)

    def counter(self, name: str, help_text: str, label: str, read: Callable[[], Mapping[str, int]]) -> None:
        """What a part has counted since the process started, usually in a Tally, by a label that has few values."""
        counter = Counter(name, help_text, [label], registry=self._registry)
        exported = Tally()

        def refresh() -> None:
            for label_value, count in read().items():
                counter.labels(label_value).inc(count - exported.get(label_value, 0))
                exported[label_value] = count

        self._refreshers.append(refresh)

    def histogram(self, name: str, help_text: str, buckets: Sequence[float], labels: Sequence[str] = ()) -> Histogram:
        """How often a value was at most the bound of each bucket. The caller observes the values itself."""
        return Histogram(name, help_text, labels, registry=self._registry, buckets=buckets)

    def count_request(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Count one request; a `status` of None means that the client has gone.

        The label is the template of the route, so that a client cannot add label values by writing other paths.
        """
        method = scope["method"]
        route = getattr(scope.get("route"), "path_format", OTHER)
        key = (method if method in _METHODS else OTHER, route, status)
        metrics = self._by_key.get(key) or self._add_key(key)
        metrics.count += 1
        metrics.durations.observe(seconds)

    def _add_key(self, key: _RequestKey) -> _RequestMetrics:
        method, route, status = key
        values = (method, route, "aborted" if status is None else str(status))
        metrics = _RequestMetrics(self._requests.labels(*values), self._durations.labels(*values))
        self._by_key[key] = metrics
        return metrics

    def _export_requests(self) -> None:
        for metrics in self._by_key.values():
            metrics.requests.inc(metrics.count - metrics.exported)
            metrics.exported = metrics.count

    def refresh(self) -> None:
        """Read the present values of all parts."""
        for refresh in self._refreshers:
            refresh()

    async def run(self) -> None:
        """If several processes serve, write this one's metrics to its file every second until the task is cancelled."""
        if self._folder is None:
            return
        try:
            await repeat(self._refresh_once, lambda: REFRESH_SECONDS, logger, name="writing metrics")
        finally:
            self.refresh()

    async def _refresh_once(self) -> None:
        self.refresh()

    def render(self) -> bytes:
        """Prometheus' text format, of every process of this service on this machine."""
        self.refresh()
        if self._folder is None:
            return generate_latest(self._registry)
        return generate_latest(workers.merge(self._folder, self._collectors))


def metrics_routes(metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get(
        "/metrics", operation_id="metrics_read", summary="Metrics for Prometheus", response_class=PrometheusText
    )
    @public
    async def show() -> PrometheusText:
        return PrometheusText(metrics.render())

    return router
