"""When the next poll is sent: nothing spins, and a transmitter that holds polls for too long is not asked to."""

import pytest

from watchword.events.poll_pace import IDLE_PAUSE_SECONDS, POLL_EVERY_SECONDS, WAITS_TRIED, PollPace

QUICKLY, AFTER_A_WAIT = 0.01, 0.9


@pytest.fixture
def pace() -> PollPace:
    return PollPace()


def pause(
    pace: PollPace, seconds: float = QUICKLY, *, waited: bool = True, empty: bool = False, news: bool = False
) -> float:
    return pace.pause_after(seconds, waited=waited, is_empty=empty, has_news=news)


def test_news_is_followed_by_the_next_poll_at_once(pace: PollPace) -> None:
    assert [pause(pace, news=True) for _ in range(3)] == [0, 0, 0]


def test_empty_answer_at_the_end_of_a_wait_is_followed_by_the_next_poll_at_once(pace: PollPace) -> None:
    assert [pause(pace, AFTER_A_WAIT, empty=True) for _ in range(3)] == [0, 0, 0]


def test_empty_answer_at_once_to_a_poll_that_waits_is_followed_by_a_pause(pace: PollPace) -> None:
    """So two pollers of one stream, which end each other's polls, do not spin."""
    assert [pause(pace, empty=True) for _ in range(2)] == [IDLE_PAUSE_SECONDS] * 2


def test_answer_to_a_poll_that_does_not_wait_is_followed_by_the_next_at_once(pace: PollPace) -> None:
    assert pause(pace, waited=False, empty=True) == 0


def test_events_that_are_on_their_way_may_come_again_once_without_a_pause(pace: PollPace) -> None:
    assert [pause(pace) for _ in range(3)] == [0, IDLE_PAUSE_SECONDS, IDLE_PAUSE_SECONDS]
    assert pause(pace, news=True) == 0
    assert pause(pace) == 0


def test_transmitter_that_holds_every_poll_for_too_long_is_polled_each_second(pace: PollPace) -> None:
    for _ in range(WAITS_TRIED):
        assert pace.may_wait
        assert pause(pace, waited=False, empty=True) == 0
        pace.note_wait_timed_out()
    assert not pace.may_wait
    assert pause(pace, waited=False, empty=True) == POLL_EVERY_SECONDS
    assert pause(pace, waited=False, news=True) == 0


@pytest.mark.parametrize("other", ["a failure", "an answer"])
def test_waits_that_time_out_count_only_in_a_row(pace: PollPace, other: str) -> None:
    for _ in range(3 * WAITS_TRIED):
        pace.note_wait_timed_out()
        if other == "a failure":
            pace.note_failure()
        else:
            pause(pace, AFTER_A_WAIT, empty=True)
    assert pace.may_wait


def test_it_is_tried_again_later_whether_the_transmitter_holds_polls(
    pace: PollPace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchword.events.poll_pace.WITHOUT_WAITS_SECONDS", 0.0)
    for _ in range(WAITS_TRIED):
        pace.note_wait_timed_out()
    assert pace.may_wait
