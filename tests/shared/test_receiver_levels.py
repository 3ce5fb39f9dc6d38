"""Events that lower the level of assurance: what older tokens count as, in both stores, in every process and later."""

from typing import Any

import pytest

from tests.shared.receivers import principal, receiving, session, user
from tests.shared.ssf import Transmitter
from tests.shared.test_memory_receiver import receiving as receiving_into_memory
from tests.shared.test_receiver_versions import AT, ROWS, deliver
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth.revocations import LEVEL_OF
from watchword.events import EventType, Receiver
from watchword.events.types import SecurityEvent, assurance_level_change
from watchword.testing import Issuer

LOWERED = EventType.ASSURANCE_LEVEL_CHANGE
OURS = {"namespace": "RFC8176", "change_direction": "decrease"}


def event(issuer: Issuer, version: int, level: str) -> SecurityEvent:
    """As identity makes it."""
    at = issuer.clock.now()
    return assurance_level_change(issuer.url, "ada", version, level, at=at, initiator="user", reason="a test")


def counts_as(receiver: Receiver, version: int = 0, **more: Any) -> str | None:
    """As how strong a token of Ada's counts that says `phr`; it is valid in any case."""
    caller = principal("ada", version=version, acr="phr", **more)
    assert not receiver.revocations.refuses(caller)
    return receiver.revocations.level_of(caller)


@pytest.mark.parametrize("order", [(5, 7), (7, 5)])
async def test_older_tokens_are_weaker_in_every_process_and_after_a_restart(
    databases: Databases, transmitter: Transmitter, order: tuple[int, int]
) -> None:
    def obeys(receiver: Receiver) -> bool:
        return [counts_as(receiver, version) for version in (4, 5, 6, 7)] == ["pwd", "mfa", "mfa", "phr"]

    async with receiving(databases, transmitter) as first, receiving(databases, transmitter) as second:
        for version in order:
            lowered = event(transmitter.issuer, version, "pwd" if version == 5 else "mfa")
            await deliver(transmitter, lowered.type, lowered.subject, **lowered.claims)
        await until(lambda: obeys(first) and obeys(second))
        await first.load()
        assert obeys(first)
    async with receiving(databases, transmitter) as later:
        assert obeys(later)


async def test_memory_of_one_process_obeys_too(transmitter: Transmitter) -> None:
    lowered = event(transmitter.issuer, 5, "mfa")
    async with receiving_into_memory(transmitter) as receiver:
        await deliver(transmitter, lowered.type, lowered.subject, **lowered.claims)
        assert [counts_as(receiver, version) for version in (4, 5)] == ["mfa", "phr"]


@pytest.mark.parametrize(
    "claims",
    [
        {"namespace": "RFC8176", "current_level": "otp"},
        {"namespace": "RFC8176", "current_level": "phr"},
        {"namespace": "RFC8176", "current_level": ["mfa"]},
        {"namespace": "NIST-IAL", "current_level": "mfa"},
        {"current_level": "mfa"},
        {"namespace": "RFC8176"},
        {},
    ],
)
async def test_level_that_is_none_of_ours_counts_as_the_weakest(
    databases: Databases, transmitter: Transmitter, claims: dict[str, Any]
) -> None:
    async with receiving(databases, transmitter) as receiver:
        await deliver(transmitter, LOWERED, user(transmitter, "ada"), ver=5, **claims)
        await receiver.load()
        assert [counts_as(receiver, version) for version in (4, 5)] == ["pwd", "phr"]


@pytest.mark.parametrize("ver", [None, True, 0, "5", 2**53])
@pytest.mark.parametrize("level", ["mfa", "nist-aal1"])
async def test_without_a_version_that_counts_the_time_decides_and_the_same_second_is_weaker(
    databases: Databases, transmitter: Transmitter, ver: Any, level: str
) -> None:
    async with receiving(databases, transmitter) as receiver:
        claims = {**OURS, "current_level": level, "ver": ver, "event_timestamp": AT}
        await deliver(transmitter, LOWERED, user(transmitter, "ada"), **claims)
        await receiver.load()
        assert [counts_as(receiver, 9, issued_at=AT + later) for later in (-1, 0, 1)] == ["pwd", "pwd", "phr"]


async def test_event_with_a_version_does_not_undo_one_without(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter) as receiver:
        for ver in (9, None):
            await deliver(transmitter, LOWERED, user(transmitter, "ada"), ver=ver, event_timestamp=AT)
        await receiver.load()
        assert [counts_as(receiver, 9, issued_at=AT + later) for later in (0, 1)] == ["pwd", "phr"]


async def test_session_that_is_named_without_its_user_is_weaker_alone(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter) as receiver:
        await deliver(transmitter, LOWERED, session("s"), event_timestamp=AT)
        await receiver.load()
        assert [counts_as(receiver, session_id=name) for name in ("s", "t")] == ["pwd", "phr"]


@pytest.mark.parametrize(
    ("subject", "claims"),
    [
        ({"format": "opaque", "id": "ada"}, {**OURS, "current_level": "pwd", "ver": 5}),
        (None, {**OURS, "current_level": "pwd", "ver": 5}),
        ("ada", {"change_direction": "increase", "namespace": "RFC8176", "current_level": "mfa", "ver": 5}),
    ],
)
async def test_unknown_subject_and_a_level_that_rises_have_no_effect(
    databases: Databases, transmitter: Transmitter, subject: Any, claims: dict[str, Any]
) -> None:
    named = user(transmitter, subject) if isinstance(subject, str) else subject
    async with receiving(databases, transmitter):
        await deliver(transmitter, LOWERED, named, **claims)
    assert await databases.fetch("posts_app", ROWS) == []


async def test_processes_of_an_earlier_release_refuse_the_older_tokens_altogether(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter):
        for ver, level in ((5, "mfa"), (6, "pwd"), (None, "pwd")):
            claims = {**OURS, "current_level": level, "ver": ver, "event_timestamp": AT}
            await deliver(transmitter, LOWERED, user(transmitter, "ada"), **claims)
    rows = await databases.fetch("posts_app", ROWS)
    assert {row["kind"] for row in rows} == {*LEVEL_OF}
    # They compare the versions of a kind that they do not know, as `test_lowered_levels.py` shows; the oldest, times.
    assert {(row["key"], row["valid_from"], row["except_sid"]) for row in rows} == {("ada", AT + 1, None)}
    assert sorted(row["version"] or 0 for row in rows) == [0, 5, 6]
