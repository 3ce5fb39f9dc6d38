"""Silence of the transmitter is counted from its last answer, and refuses writes only if the policy says so."""

from datetime import UTC, datetime, timedelta

import pytest

from watchword.events import SilencePolicy, TransmitterSilent
from watchword.events.silence import Contact
from watchword.events.store import LastContact
from watchword.testing import StandingClock

REFUSE = SilencePolicy(30, refuse_writes=True)
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


def test_silence_is_counted_from_the_start_until_there_is_contact(clock: StandingClock) -> None:
    contact = Contact(REFUSE, clock)
    clock.advance(seconds=10)
    assert (contact.last_at, contact.silent_for()) == (None, 10)
    assert contact.note(LastContact(NOON, 2.0, None))
    clock.advance(seconds=5)
    assert contact.silent_for() == 7


def test_contact_that_was_noted_before_changes_nothing(clock: StandingClock) -> None:
    contact = Contact(REFUSE, clock)
    contact.note(LastContact(NOON, 0.0, None))
    clock.advance(seconds=20)
    assert not contact.note(LastContact(NOON, 1.0, None))
    assert contact.silent_for() == 20


def test_the_clock_of_the_store_may_go_back(clock: StandingClock) -> None:
    contact = Contact(REFUSE, clock)
    contact.note(LastContact(NOON, 0.0, None))
    clock.advance(seconds=20)
    assert contact.note(LastContact(NOON - timedelta(hours=1), 0.5, None))
    assert contact.silent_for() == 0.5


def test_contact_in_the_future_is_no_negative_silence(clock: StandingClock) -> None:
    contact = Contact(REFUSE, clock)
    contact.note(LastContact(NOON, -20.0, None))
    assert contact.silent_for() == 0


@pytest.mark.parametrize(("seconds", "silent"), [(30, False), (31, True)])
def test_silence_begins_after_the_seconds_of_the_policy(clock: StandingClock, seconds: int, silent: bool) -> None:
    contact = Contact(REFUSE, clock)
    clock.advance(seconds=seconds)
    assert contact.is_silent() is silent


@pytest.mark.parametrize(
    ("policy", "is_write", "refused"),
    [(REFUSE, True, True), (REFUSE, False, False), (SilencePolicy(30), True, False), (SilencePolicy(30), False, False)],
)
def test_only_writes_are_refused_and_only_by_policy(
    clock: StandingClock, policy: SilencePolicy, is_write: bool, refused: bool
) -> None:
    contact = Contact(policy, clock)
    contact.ensure(is_write=is_write)
    clock.advance(seconds=31)
    if not refused:
        contact.ensure(is_write=is_write)
        return
    with pytest.raises(TransmitterSilent) as refusal:
        contact.ensure(is_write=is_write)
    assert refusal.value.reason == "the transmitter has been silent for 31 s"
