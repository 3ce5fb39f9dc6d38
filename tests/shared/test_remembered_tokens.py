"""What has changed since a remembered token was last seen is obeyed at its next use, whatever it is."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.shared.receivers import only
from tests.shared.test_revocations import Source
from watchword.auth import InvalidToken, Revocations, Verifier
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.clock import SystemClock, seconds_of
from watchword.testing import Issuer, StandingClock

UNTIL = 2.0**40

CONTENT: dict[str, Any] = {
    "roles": ["editor"],
    "version": 3,
    "role_version": 4,
    "claims": {"sid": "s", "iat": 1_000, "exp": 1_600},
}
"""What the token of these tests says, beside its subject `ada`."""

REVOCATIONS = [
    Revocation(Kind.SESSION, "s", FOR_EVER, UNTIL),
    Revocation(Kind.CLAIMS, "ada", 1_001, UNTIL),
    Revocation(Kind.VERSION, "ada", 0, UNTIL, 4),
    Revocation(Kind.SIGNED_OUT, "ada", 1_001, UNTIL),
    Revocation(Kind.DISABLED, "ada", FOR_EVER, UNTIL),
    Revocation(Kind.PURGED, "ada", FOR_EVER, UNTIL),
    Revocation(Kind.ROLE, "editor", 0, UNTIL, 5),
    Revocation(Kind.KEY, "first", FOR_EVER, UNTIL),
]
OTHER_REVOCATIONS = [
    Revocation(Kind.SESSION, "t", FOR_EVER, UNTIL),
    Revocation(Kind.CLAIMS, "ada", 1_000, UNTIL),
    Revocation(Kind.VERSION, "ada", 0, UNTIL, 3),
    Revocation(Kind.DISABLED, "ada", 0, UNTIL),
    Revocation(Kind.ROLE, "editor", 0, UNTIL, 4),
    Revocation(Kind.KEY, "second", FOR_EVER, UNTIL),
]


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime.fromisoformat("1970-01-01T00:20:00Z"))


@pytest.fixture
def issuer(clock: StandingClock) -> Issuer:
    return Issuer(clock=clock)


@pytest.fixture
def source() -> Source:
    return Source(Revocations(900))


@pytest.fixture
def verifier(issuer: Issuer, source: Source) -> Verifier:
    return issuer.verifier(revocations=source)


@pytest.fixture
async def token(issuer: Issuer, verifier: Verifier) -> str:
    """A token that the verifier remembers, and has accepted from memory."""
    token = issuer.mint("ada", **CONTENT)
    for _ in range(3):
        await verifier.verify(token)
    assert verifier.outcomes["remembered"] == 2
    return token


def add(source: Source, revocation: Revocation) -> None:
    source.revocations.add(revocation, 0)


def replace_content(source: Source, revocation: Revocation) -> None:
    source.revocations.replace(only(revocation))


def replace_object(source: Source, revocation: Revocation) -> None:
    source.revocations = only(revocation)


each_way = pytest.mark.parametrize("revoke", [add, replace_content, replace_object])
Revoke = Callable[[Source, Revocation], None]


@each_way
@pytest.mark.parametrize("revocation", REVOCATIONS, ids=lambda it: it.kind)
async def test_every_kind_of_revocation_refuses_a_remembered_token(
    verifier: Verifier, source: Source, token: str, revoke: Revoke, revocation: Revocation
) -> None:
    revoke(source, revocation)
    for times in (1, 2):
        with pytest.raises(InvalidToken, match="revoked"):
            await verifier.verify(token)
        assert (verifier.outcomes["revoked"], verifier.outcomes["remembered"]) == (times, 2)


@each_way
@pytest.mark.parametrize("revocation", OTHER_REVOCATIONS, ids=lambda it: it.kind)
async def test_a_revocation_of_something_else_leaves_a_token_remembered(
    verifier: Verifier, source: Source, token: str, revoke: Revoke, revocation: Revocation
) -> None:
    revoke(source, revocation)
    await verifier.verify(token)
    assert (verifier.outcomes["accepted"], verifier.outcomes["remembered"]) == (1, 3)


async def test_an_account_is_disabled_enabled_and_disabled_between_uses(
    verifier: Verifier, source: Source, token: str
) -> None:
    for valid_from in (FOR_EVER, 0):
        add(source, Revocation(Kind.DISABLED, "ada", valid_from, UNTIL))
    await verifier.verify(token)
    add(source, Revocation(Kind.DISABLED, "ada", FOR_EVER, UNTIL))
    with pytest.raises(InvalidToken, match="revoked"):
        await verifier.verify(token)


async def test_verifiers_of_one_source_refuse_each_by_itself(
    issuer: Issuer, verifier: Verifier, source: Source, token: str
) -> None:
    other = issuer.verifier(revocations=source)
    await other.verify(token)
    add(source, REVOCATIONS[0])
    for one in (verifier, other):
        with pytest.raises(InvalidToken, match="revoked"):
            await one.verify(token)


async def test_a_remembered_token_is_refused_from_the_microsecond_on_in_which_it_expires(
    verifier: Verifier, token: str, clock: StandingClock
) -> None:
    clock.advance(seconds=1_605 - 1_200, microseconds=-1)
    await verifier.verify(token)
    clock.advance(microseconds=1)
    with pytest.raises(InvalidToken, match="expired"):
        await verifier.verify(token)
    clock.advance(microseconds=-1)
    await verifier.verify(token)
    assert (verifier.outcomes["accepted"], verifier.outcomes["expired"]) == (2, 1)


class ClockAhead(SystemClock):
    def now(self) -> datetime:
        return super().now() + timedelta(days=1)


def test_seconds_are_those_of_the_clock(monkeypatch: pytest.MonkeyPatch, clock: StandingClock) -> None:
    before = time.time()
    assert before <= seconds_of(SystemClock())() < before + 86_000 < seconds_of(ClockAhead())()
    assert seconds_of(clock)() == 1_200
    one = SystemClock()
    monkeypatch.setattr(one, "now", clock.now)
    assert seconds_of(one)() == 1_200
    monkeypatch.setattr(SystemClock, "now", lambda _: clock.now())
    assert seconds_of(SystemClock())() == 1_200
