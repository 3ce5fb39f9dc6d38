"""Logs: one JSON object per line, with the ids of its request and its trace."""

import json
import logging
import random
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

from watchword.observability.tracing import trace_id

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# The attributes of every LogRecord. Any other came in through `extra` and belongs in the line.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        if (current_trace := trace_id()) is not None:
            line["trace_id"] = current_trace
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
        except TypeError:
            # Half of a surrogate pair, or an integer beyond 64 bits. This encoder is slower, but no line is lost.
            return json.dumps(line, default=str, skipkeys=True)


def new_request_id() -> str:
    """An id for a request, or for a round of background work, so that one id finds its log lines and its calls."""
    # It need not be hard to guess, and `secrets` would cost a system call for every request.
    return f"{random.getrandbits(64):016x}"


def configure_logging(service: str, level: str) -> None:
    """Send every log line of the process to standard output as JSON. A second call replaces the first."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # These log request lines with whole URLs; OutermostMiddleware logs the same without query strings.
    for noisy in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # For debugging these log the header fields of each WebSocket, and a token can be among its subprotocols.
    for verbose in ("uvicorn.error", "websockets"):
        logging.getLogger(verbose).setLevel(max(logging.INFO, logging.getLogger().level))
