"""Where spans are made when traces are on: OpenTelemetry's SDK, which is imported for that alone."""

import os
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider

REDACTED: Final = "REDACTED"
_MAY_HOLD_SECRETS: Final = ("url.query", "url.path")


def provider_for(service: str) -> TracerProvider:
    """Spans of this service, unless the environment has another name for it. Nothing is exported by itself."""
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: service}
    # FastAPI adds the exporter, flushes it when the app ends, and ends it with the process.
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(_Redaction())
    return provider


class _Redaction(SpanProcessor):
    """A query or a path may hold a secret that somebody was sent by mail; `http.route` says which operation it was."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for name in _MAY_HOLD_SECRETS:
            if span.attributes is not None and name in span.attributes:
                span.set_attribute(name, REDACTED)
