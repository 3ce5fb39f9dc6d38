"""The HTTP client for calls to another service, which carries the request id and the trace."""

from typing import Any, Final

import httpx
from opentelemetry.trace import StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from watchword.observability.logs import request_id
from watchword.observability.tracing import client_span

_PROPAGATOR: Final = TraceContextTextMapPropagator()


class TracedClient(httpx.AsyncClient):
    """An HTTP client that sends X-Request-ID, so that one id finds the lines of both services' logs, and, if traces are
    on, traceparent (W3C Trace Context).

    A span names the method and the URL. It holds nothing of the query, the header fields or the body.
    """

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        if (current := request_id.get()) is not None:
            request.headers.setdefault("X-Request-ID", current)
        with client_span(request.method, _attributes(request)) as span:
            # Not OpenTelemetry's baggage: strangers could pass it through this service.
            _PROPAGATOR.inject(request.headers)
            response = await super().send(request, **options)
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 400:
                span.set_status(StatusCode.ERROR)
            return response


def _attributes(request: httpx.Request) -> dict[str, Any]:
    url = request.url
    bare = url.copy_with(username=None, password=None, query=None, fragment=None)
    return {"http.request.method": request.method, "server.address": url.host, "url.full": str(bare)}
