"""Logs and traces of one process."""

from watchword.observability.logs import JsonFormatter, configure_logging, new_request_id, request_id
from watchword.observability.tracing import configure_tracing, telemetry

__all__ = [
    "JsonFormatter",
    "configure_logging",
    "configure_tracing",
    "new_request_id",
    "request_id",
    "telemetry",
]
