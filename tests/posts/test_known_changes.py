"""Which changes are known: each once, however often it is read, and also one that is seen late."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from posts_service.live.known_changes import OVERLAP, KnownChanges
from posts_service.live.repository import Change

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHANGE = Change(uuid4(), 1, NOW)


def test_a_change_is_new_until_it_is_noted() -> None:
    known = KnownChanges(NOW)
    assert known.new_among([CHANGE]) == known.new_among([CHANGE]) == [CHANGE]
    known.note([CHANGE], NOW)
    assert known.new_among([CHANGE]) == []


def test_a_later_version_is_new() -> None:
    known = KnownChanges(NOW)
    known.note([CHANGE], NOW)
    later = CHANGE._replace(version=2, at=NOW + SECOND)
    assert known.new_among([CHANGE, later]) == [later]


def test_changes_are_read_again_for_as_long_as_a_transaction_may_take() -> None:
    known = KnownChanges(NOW)
    known.note([CHANGE], NOW + SECOND)
    assert known.since == NOW + SECOND - OVERLAP
    late = Change(uuid4(), 1, NOW - 2 * SECOND)
    assert known.new_among([late, CHANGE]) == [late]


def test_what_is_no_longer_read_is_forgotten() -> None:
    known = KnownChanges(NOW)
    known.note([CHANGE], NOW)
    known.note([], NOW + 2 * OVERLAP)
    assert not known._known


def test_what_a_skip_has_left_out_has_been_committed_after_a_while_which_is_said_once() -> None:
    known = KnownChanges(NOW)
    assert not known.has_settled(NOW + 2 * OVERLAP)
    known.skip(NOW)
    assert not known.has_settled(NOW + OVERLAP - SECOND)
    assert known.has_settled(NOW + OVERLAP)
    assert not known.has_settled(NOW + 2 * OVERLAP)


def test_nothing_before_is_read_after_a_skip() -> None:
    known = KnownChanges(NOW)
    known.skip(NOW + SECOND)
    assert known.since == NOW + SECOND
