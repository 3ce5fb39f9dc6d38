"""The metrics of this service."""

from typing import Final

from posts_service.parts import Parts
from posts_service.rendering.renderer import Renderer
from watchword.metrics import Metrics
from watchword.metrics.watch import watch_database, watch_jobs, watch_limits, watch_receiver, watch_verifier

_RENDERING_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def build_metrics(parts: Parts) -> Metrics:
    metrics = Metrics()
    watch_database(metrics, parts.database)
    watch_verifier(metrics, parts.verifier)
    watch_receiver(metrics, parts.receiver)
    watch_limits(metrics, parts.limits.limiter)
    watch_jobs(metrics, parts.job_worker)
    _watch_renderer(metrics, parts.renderer)
    metrics.gauge(
        "watchword_listeners", "Readers who listen for new posts", lambda: float(len(parts.live_feed)), "livesum"
    )
    return metrics


def _watch_renderer(metrics: Metrics, renderer: Renderer) -> None:
    metrics.counter("watchword_texts_total", "Texts to render, by outcome", "outcome", lambda: renderer.outcomes)
    metrics.gauge(
        "watchword_texts_waiting", "Texts that wait to be rendered", lambda: float(renderer.waiting), "livesum"
    )
    renderer.observe_seconds = metrics.histogram(
        "watchword_rendering_seconds", "Time that a text waited and was rendered", _RENDERING_BUCKETS
    ).observe
