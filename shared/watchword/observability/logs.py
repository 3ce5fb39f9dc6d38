"""One JSON object a line, with the ids of its request and its trace. Never a token, a password or a key."""

import json
import logging
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

from watchword.observability.tracing import trace_id

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# What a LogRecord always has; anything else on it came in through `extra` and belongs in the line.
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
        if (traced := trace_id()) is not None:
            line["trace_id"] = traced
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        try:
            return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
        except TypeError:
            # Half of a surrogate pair, an integer beyond 64 bits: slower, but no line is lost.
            return json.dumps(line, default=str, skipkeys=True)


def new_request_id() -> str:
    """Also for work in the background: what it asks of others and what it logs is found by one id."""
    return secrets.token_hex(8)


def configure_logging(service: str, level: str) -> None:
    """Send every log line of the process to standard output as JSON. Calling it again replaces the set-up."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # These two write request lines with whole URLs; our own line says the same without query strings.
    for noisy in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
