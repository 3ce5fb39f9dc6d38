"""The statements of a poll.

Each is a transaction of its own, in one round trip, so that a process that stands still holds no lock on the stream.
Each runs prepared, since every receiver polls every second.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Integer,
    Interval,
    String,
    Update,
    Uuid,
    any_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from identity_service.events.models import IS_LIVE, SENDING_ORDER, Delivery, Stream, StreamEvent, StreamStatus
from watchword.database.statements import Statement

TIMEOUT_SECONDS: Final = 1.5
"""A receiver waits for an answer a second longer than the longest poll, and asks again over another connection."""

RESEND_AFTER: Final = timedelta(seconds=5)
"""How long a poll that waits gives the receiver to acknowledge what it was sent."""

_POLLED: Final = (
    Stream.id == bindparam("stream_id", type_=Uuid),
    Stream.client_id == bindparam("client_id", type_=String),
    Stream.delivery_method == Delivery.POLL,
    IS_LIVE,
)
_TIMEOUT: Final = Stream.inactivity_timeout * literal(timedelta(seconds=1), Interval)
# Put off only after a part of it is over, so that not every poll writes.
_MOST_OF_TIMEOUT: Final = Stream.inactivity_timeout * literal(timedelta(seconds=0.8), Interval)
_IS_USED_UP: Final = Stream.lapses_at < func.clock_timestamp() + _MOST_OF_TIMEOUT
_LAPSES_AT: Final = case((_IS_USED_UP, func.clock_timestamp() + _TIMEOUT), else_=Stream.lapses_at)

_SEEN_FOR: Final = timedelta(seconds=10)
_IS_SEEN_LONG_AGO: Final = func.coalesce(Stream.polled_at < func.clock_timestamp() - _SEEN_FOR, true())


def _changed(statement: Update, result: InstrumentedAttribute[int]) -> Statement:
    """An UPDATE whose answer is `result` for each row."""
    rows = statement.returning(result.label("result")).cte("changed")
    return Statement(select(rows.c.result), timeout_seconds=TIMEOUT_SECONDS)


BEGIN_WAIT: Final = _changed(
    update(Stream)
    .where(*_POLLED)
    .values(waiting_poll=Stream.waiting_poll + 1, lapses_at=_LAPSES_AT, polled_at=func.clock_timestamp()),
    Stream.waiting_poll,
)
"""Begin a poll that may wait, and answer its number; every earlier one is over."""

PUT_OFF_LAPSE: Final = _changed(
    update(Stream)
    .where(*_POLLED, or_(_IS_USED_UP, _IS_SEEN_LONG_AGO))
    .values(lapses_at=_LAPSES_AT, polled_at=func.clock_timestamp()),
    Stream.waiting_poll,
)
"""Put off the end of a stream that lapses without polls, and note that it was polled: not at every poll, so that not
each one writes."""

_is_due: Final = or_(
    bindparam("sends_again", type_=Boolean),
    StreamEvent.sent_at.is_(None),
    StreamEvent.sent_at < func.clock_timestamp() - RESEND_AFTER,
)
_due: Final = (
    select(StreamEvent)
    .where(StreamEvent.stream_id == Stream.id, Stream.status == StreamStatus.ENABLED, _is_due)
    .order_by(*SENDING_ORDER)
    .limit(bindparam("limit", type_=Integer))
    .lateral("due")
)
NEXT_EVENTS: Final = Statement(
    select(Stream.waiting_poll, _due.c.id, _due.c.jti, _due.c.claims, _due.c.created_at)
    .select_from(Stream)
    .outerjoin(_due, true())
    .where(*_POLLED)
    .order_by(_due.c.is_history, _due.c.sent_at.asc().nulls_first(), _due.c.id),
    timeout_seconds=TIMEOUT_SECONDS,
)
"""The events to send next, and the number of the newest poll that waits. One row without an event if none is due; no
row if there is no such stream. With `sends_again`, what was sent a moment ago and is not acknowledged is due too."""

_sent: Final = (
    select(StreamEvent.id)
    .where(StreamEvent.id == any_(bindparam("ids", type_=ARRAY(BigInteger))))
    # What is being acknowledged, or sent by another poll, need not be marked: to wait for those could be a deadlock.
    .with_for_update(skip_locked=True)
)
MARK_SENT: Final = _changed(
    update(StreamEvent).where(StreamEvent.id.in_(_sent)).values(sent_at=func.statement_timestamp()), StreamEvent.id
)
"""Note that these events are being sent."""
