"""Silence of the transmitter is counted from its last answer, and refuses writes only if the policy says so."""

from datetime import timedelta

import pytest

from watchword.events import SilencePolicy, TransmitterSilent
from watchword.events.silence import Contact
from watchword.testing import StandingClock

REFUSE = SilencePolicy(30, refuse_writes=True)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


def test_silence_is_counted_from_the_start_until_there_is_contact(clock: StandingClock) -> None:
    contact = Contact(REFUSE, clock)
    clock.advance(seconds=10)
    assert (contact.last_at, contact.silent_for()) == (None, 10)
    contact.note(clock.now())
    clock.advance(seconds=5)
    assert contact.silent_for() == 5


def test_contact_that_is_noted_out_of_order_changes_nothing(clock: StandingClock) -> None:
    contact = Contact(REFUSE, clock)
    contact.note(clock.now())
    contact.note(clock.now() - timedelta(seconds=20))
    assert (contact.last_at, contact.silent_for()) == (clock.now(), 0)


def test_contact_by_a_clock_that_is_ahead_is_no_negative_silence(clock: StandingClock) -> None:
    contact = Contact(REFUSE, clock)
    contact.note(clock.now() + timedelta(seconds=20))
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
