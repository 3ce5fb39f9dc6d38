"""/metrics for Prometheus: figures that are read when they are asked for."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from shared.auth import public

Named = tuple[str, str]
"""A metric's name and what it says."""


def metrics_routes(gauges: Mapping[Named, Callable[[], float]]) -> APIRouter:
    """A router over these figures, in a registry of its own: two apps in one process do not meet."""
    registry = CollectorRegistry()
    for (name, says), read in gauges.items():
        Gauge(name, says, registry=registry).set_function(read)
    router = APIRouter(tags=["operations"])

    @router.get("/metrics", summary="Figures for Prometheus")
    @public
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
