"""The HTTP client for calls to another service, which carries the request's id and its trace along."""

from typing import Any, Final

import httpx
from opentelemetry.trace import StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from watchword.observability.logs import request_id
from watchword.observability.tracing import client_span

_PROPAGATOR: Final = TraceContextTextMapPropagator()


class TracedClient(httpx.AsyncClient):
    """Sends X-Request-ID, so that one id finds the lines of both logs, and traceparent (W3C Trace Context) where traces
    are on. A span names the method and the address, and nothing that is in a query, a header or a body."""

    async def send(self, request: httpx.Request, **how: Any) -> httpx.Response:
        if (current := request_id.get()) is not None:
            request.headers.setdefault("X-Request-ID", current)
        with client_span(request.method, _attributes(request)) as span:
            # Not OpenTelemetry's baggage: strangers could send it through us.
            _PROPAGATOR.inject(request.headers)
            response = await super().send(request, **how)
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 400:
                span.set_status(StatusCode.ERROR)
            return response


def _attributes(request: httpx.Request) -> dict[str, Any]:
    url = request.url
    bare = url.copy_with(username=None, password=None, query=None, fragment=None)
    return {"http.request.method": request.method, "server.address": url.host, "url.full": str(bare)}
