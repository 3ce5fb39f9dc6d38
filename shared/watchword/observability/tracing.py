"""Traces, by OpenTelemetry. They are off, and cost nothing, unless the environment says where to send them.

FastAPI makes the span of each request and exports all spans. This module adds the service's name and the spans of
database work and outgoing calls, and keeps secrets out of them. It is configured once per process, like logging.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode, TracerProvider
from starlette.types import Scope

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_UNTRACED: Final = frozenset({"/livez", "/readyz", "/metrics"})
_OFF: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False}

_provider: TracerProvider | None = None
_tracer: trace.Tracer | None = None


def configure_tracing(service: str) -> None:
    """Turn traces on if the environment has an OTLP endpoint, else off. OTEL_SERVICE_NAME replaces `service`."""
    has_endpoint = any(os.environ.get(name) for name in _ENDPOINTS) and os.environ.get("OTEL_TRACES_EXPORTER") != "none"
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if not has_endpoint or disabled:
        trace_to(None)
        return
    # The SDK takes some megabytes and a tenth of a second; a process without traces must not pay for it.
    from watchword.observability.provider import provider_for

    trace_to(provider_for(service))


def trace_to(provider: TracerProvider | None) -> None:
    """Make spans with this provider from now on, or none if it is None. Affects apps that are built afterwards."""
    global _provider, _tracer
    _provider = provider
    _tracer = provider.get_tracer("watchword") if provider is not None else None


def telemetry() -> TelemetryConfig:
    """The argument `telemetry` of FastAPI: a span for each request, exported as the environment says."""
    if _provider is None:
        return _OFF
    return {
        **_OFF,
        "tracing": True,
        "operation_spans": False,
        "auto_configure": True,
        "tracer_provider": _provider,
        "exclude": _is_untraced,
    }


def is_on() -> bool:
    return _tracer is not None


def trace_id() -> str | None:
    """The id of the current trace, or None outside of one."""
    if _tracer is None:
        return None
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def note(name: str, value: str) -> None:
    """Set an attribute of the current span, if there is one."""
    if _tracer is not None:
        trace.get_current_span().set_attribute(name, value)


@contextmanager
def database_span(name: str) -> Iterator[None]:
    """A span for database work within a trace. Background work has no trace, and so no such spans."""
    if _tracer is None or not trace.get_current_span().is_recording():
        yield
        return
    attributes = {"db.system.name": "postgresql", "db.query.summary": name}
    with _span(_tracer, name, attributes):
        yield


@contextmanager
def client_span(name: str, attributes: dict[str, Any]) -> Iterator[trace.Span]:
    """A span for a call to another service. Outside of a trace it begins one."""
    if _tracer is None:
        yield trace.INVALID_SPAN
        return
    with _span(_tracer, name, attributes) as span:
        yield span


@contextmanager
def _span(tracer: trace.Tracer, name: str, attributes: dict[str, Any]) -> Iterator[trace.Span]:
    """A span that records the class of an exception but not its text, which may hold a secret."""
    options: dict[str, Any] = {"kind": SpanKind.CLIENT, "record_exception": False, "set_status_on_exception": False}
    with tracer.start_as_current_span(name, attributes=attributes, **options) as span:
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(StatusCode.ERROR)
            raise


def _is_untraced(scope: Scope) -> bool:
    return scope.get("path") in _UNTRACED
