"""The metrics of this service."""

from posts_service.parts import Parts
from watchword.metrics import Metrics
from watchword.metrics.watch import watch_database, watch_jobs, watch_limits, watch_receiver, watch_verifier


def build_metrics(parts: Parts) -> Metrics:
    metrics = Metrics()
    watch_database(metrics, parts.database)
    watch_verifier(metrics, parts.verifier)
    watch_receiver(metrics, parts.receiver)
    watch_limits(metrics, parts.limits.limiter)
    watch_jobs(metrics, parts.job_worker)
    metrics.gauge("watchword_listeners", "Readers who listen for new posts", lambda: float(len(parts.feed)), "livesum")
    return metrics
