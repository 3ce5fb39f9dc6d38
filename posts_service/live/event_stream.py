"""The text of server-sent events (the HTML standard, section 9.2)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from posts_service.posts.view import PostView, as_json

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MAX_DIGITS: Final = 17


def id_at(position: datetime) -> bytes:
    """The field that says up to when a reader has been sent everything."""
    return b"id: %d\n" % ((position - _EPOCH) // _MICROSECOND)


def position_of(event_id: str) -> datetime | None:
    """The position that `id_at` writes so, or None for any other text."""
    if not (event_id.isascii() and event_id.isdigit() and len(event_id) <= _MAX_DIGITS):
        return None
    return _EPOCH + int(event_id) * _MICROSECOND


def post_events(views: Sequence[PostView], position: datetime) -> bytes:
    """One event for each post. Only the last has an id, so that a reader who gets half of them gets them all again."""
    return b"\n".join([_event_of(view) for view in views]) + id_at(position) + b"\n"


def reset(position: datetime) -> bytes:
    """Says that more has changed than is sent."""
    return b"event: reset\ndata: {}\n" + id_at(position) + b"\n"


def heartbeat(position: datetime) -> bytes:
    """Nothing has changed. The comment keeps proxies from closing the connection."""
    return b": listening\n" + id_at(position) + b"\n"


def _event_of(view: PostView) -> bytes:
    if view.is_published():
        return b"event: post\ndata: %s\n" % as_json(view.as_summary())
    return b"event: post-unpublished\ndata: %s\n" % orjson.dumps({"id": str(view.id)})
