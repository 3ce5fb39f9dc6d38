"""Which changes are news: each once, however often it is read, and also one that is seen late."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from posts_service.live.news import OVERLAP, News
from posts_service.live.repository import Change

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHANGE = Change(uuid4(), 1, NOW)


def test_a_change_is_new_until_it_is_noted() -> None:
    news = News(NOW)
    assert news.new_among([CHANGE]) == news.new_among([CHANGE]) == [CHANGE]
    news.note([CHANGE], NOW)
    assert news.new_among([CHANGE]) == []


def test_a_later_version_is_new() -> None:
    news = News(NOW)
    news.note([CHANGE], NOW)
    later = CHANGE._replace(version=2, at=NOW + SECOND)
    assert news.new_among([CHANGE, later]) == [later]


def test_changes_are_read_again_for_as_long_as_a_transaction_may_take() -> None:
    news = News(NOW)
    news.note([CHANGE], NOW + SECOND)
    assert news.since == NOW + SECOND - OVERLAP
    late = Change(uuid4(), 1, NOW - 2 * SECOND)
    assert news.new_among([late, CHANGE]) == [late]


def test_what_is_no_longer_read_is_forgotten() -> None:
    news = News(NOW)
    news.note([CHANGE], NOW)
    news.note([], NOW + 2 * OVERLAP)
    assert not news._known


def test_what_a_skip_has_left_out_has_been_committed_after_a_while_which_is_said_once() -> None:
    news = News(NOW)
    assert not news.has_settled(NOW + 2 * OVERLAP)
    news.skip(NOW)
    assert not news.has_settled(NOW + OVERLAP - SECOND)
    assert news.has_settled(NOW + OVERLAP)
    assert not news.has_settled(NOW + 2 * OVERLAP)


def test_nothing_before_is_read_after_a_skip() -> None:
    news = News(NOW)
    news.skip(NOW + SECOND)
    assert news.since == NOW + SECOND
