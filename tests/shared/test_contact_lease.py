"""When a process without a database may answer guards from memory: by what it has heard, and when it asked for it."""

import asyncio

import pytest

from tests.shared.boot_clock import BootClock
from watchword.events import TransmitterSilent, contact_lease
from watchword.events.contact_lease import CATCH_UP_SECONDS, VALID_SECONDS, ContactLease
from watchword.events.transmitter_client import POLL_TIMEOUT_SECONDS

BOOT_CLOCK_READERS = (contact_lease,)


@pytest.fixture
def lease(since_boot: BootClock) -> ContactLease:
    """Of a process that has received a whole replay just now."""
    lease = ContactLease()
    lease.note_attempt()
    lease.note_answer(since_boot.seconds, is_last=True)
    return lease


def test_an_answer_is_valid_for_three_seconds_from_when_it_was_asked_for(
    since_boot: BootClock, lease: ContactLease
) -> None:
    asked_at = since_boot.seconds
    since_boot.seconds += 1
    lease.note_answer(asked_at, is_last=True)
    since_boot.seconds = asked_at + VALID_SECONDS - 0.01
    assert lease.is_current()
    since_boot.seconds += 0.02
    assert not lease.is_current()


def test_an_answer_that_has_waited_while_the_process_stood_still_is_not_valid(
    since_boot: BootClock, lease: ContactLease
) -> None:
    asked_at = since_boot.seconds
    since_boot.seconds += 60
    lease.note_answer(asked_at, is_last=True)
    assert not lease.is_current()
    assert lease.needs_answer_now()


def test_an_answer_after_which_more_waits_says_nothing(since_boot: BootClock) -> None:
    lease = ContactLease()
    lease.note_answer(since_boot.seconds, is_last=False)
    assert not lease.is_current()
    assert not lease.has_caught_up_before
    assert not lease.has_caught_up


def test_while_the_issuer_cannot_be_reached_the_process_goes_on(since_boot: BootClock, lease: ContactLease) -> None:
    since_boot.seconds += 10
    lease.note_attempt()
    since_boot.seconds += POLL_TIMEOUT_SECONDS
    lease.note_failure()
    assert lease.is_current()
    since_boot.seconds += VALID_SECONDS
    assert not lease.is_current()


def test_a_failure_that_took_as_long_as_the_process_stood_still_says_nothing(
    since_boot: BootClock, lease: ContactLease
) -> None:
    lease.note_attempt()
    since_boot.seconds += VALID_SECONDS
    lease.note_failure()
    assert not lease.is_current()


def test_a_process_that_has_never_heard_the_issuer_is_not_current_because_it_cannot_reach_it(
    since_boot: BootClock,
) -> None:
    lease = ContactLease()
    lease.note_attempt()
    lease.note_failure()
    assert not lease.is_current()


def test_a_process_whose_stream_is_gone_waits_for_the_replay_of_another(
    since_boot: BootClock, lease: ContactLease
) -> None:
    lease.forget_stream()
    assert not lease.is_current()
    assert not lease.needs_answer_now()
    lease.note_answer(since_boot.seconds, is_last=False)
    assert not lease.is_current()
    lease.note_answer(since_boot.seconds, is_last=True)
    assert lease.is_current()


async def test_every_guard_that_waits_goes_on_with_the_next_answer(since_boot: BootClock, lease: ContactLease) -> None:
    since_boot.seconds += VALID_SECONDS
    guards = [asyncio.create_task(lease.catch_up()) for _ in range(3)]
    await asyncio.sleep(0)
    lease.note_answer(since_boot.seconds - VALID_SECONDS, is_last=True)
    await asyncio.sleep(0)
    assert not any(guard.done() for guard in guards)
    lease.note_answer(since_boot.seconds, is_last=True)
    await asyncio.gather(*guards)


async def test_a_guard_does_not_wait_for_ever(since_boot: BootClock, lease: ContactLease) -> None:
    since_boot.seconds += VALID_SECONDS
    guard = asyncio.create_task(lease.catch_up())
    await asyncio.sleep(0)
    since_boot.seconds += CATCH_UP_SECONDS
    lease.note_answer(since_boot.seconds, is_last=False)
    with pytest.raises(TransmitterSilent, match="could not be learned within 5 s"):
        await guard


async def test_a_guard_of_a_process_that_has_never_heard_the_issuer_is_refused_once_it_was_asked(
    since_boot: BootClock,
) -> None:
    lease = ContactLease()
    lease.note_attempt()
    guard = asyncio.create_task(lease.catch_up())
    await asyncio.sleep(0)
    assert not guard.done()
    lease.note_failure()
    with pytest.raises(TransmitterSilent, match="not been heard since this process started"):
        await guard
    with pytest.raises(TransmitterSilent):
        await lease.catch_up()
