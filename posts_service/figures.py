"""The figures of this service."""

from posts_service.parts import Parts
from shared.metrics import Metrics
from shared.telemetry.watch import watch_database, watch_receiver, watch_verifier


def measure(parts: Parts) -> Metrics:
    metrics = Metrics()
    watch_database(metrics, parts.database)
    watch_verifier(metrics, parts.verifier)
    watch_receiver(metrics, parts.receiver)
    return metrics
