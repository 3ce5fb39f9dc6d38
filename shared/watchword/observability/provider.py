"""The provider of spans. Imported only if traces are on, since it imports OpenTelemetry's SDK."""

import os
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider

REDACTED: Final = "REDACTED"
_MAY_HOLD_SECRETS: Final = ("url.query", "url.path")


def provider_for(service: str) -> TracerProvider:
    """A provider for spans of `service`; OTEL_SERVICE_NAME replaces that name. It exports nothing by itself."""
    attributes = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: service}
    # FastAPI adds the exporter, flushes it when the app stops, and shuts it down with the process.
    provider = TracerProvider(resource=Resource.create(attributes), shutdown_on_exit=False)
    provider.add_span_processor(_Redaction())
    return provider


class _Redaction(SpanProcessor):
    """Removes queries and paths, which may hold a secret from an e-mail. `http.route` still names the operation."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for name in _MAY_HOLD_SECRETS:
            if span.attributes is not None and name in span.attributes:
                span.set_attribute(name, REDACTED)
