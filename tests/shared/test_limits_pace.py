"""Refusals leave at a steady pace, so that answering a flood of them takes the processor from nobody."""

import pytest
from sqlalchemy import MetaData

from tests.shared.test_limits import digest
from tests.support.pauses import Pauses
from watchword.limits import Charge, Limit, Limiter, LimitReached, Pace, allowances_table
from watchword.limits.pace import GAP_SECONDS, MOST_SECONDS

PER_ADDRESS, PER_ACCOUNT = Limit("address", 5, 600), Limit("account", 1, 600)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def pace(pauses: Pauses) -> Pace:
    return Pace(monotonic=lambda: 0.0, pause=pauses)


async def test_the_first_refusal_leaves_at_once_and_each_further_one_a_gap_later(pace: Pace, pauses: Pauses) -> None:
    for _ in range(4):
        await pace.wait([b"a"])
    assert pauses == pytest.approx([GAP_SECONDS, 2 * GAP_SECONDS, 3 * GAP_SECONDS])
    await pace.wait([b"b"])
    assert len(pauses) == 3


async def test_no_refusal_waits_longer_than_callers_do(pace: Pace, pauses: Pauses) -> None:
    for _ in range(1_000):
        await pace.wait([b"a"])
    assert max(pauses) == MOST_SECONDS


async def test_pause_between_refusals_starts_the_pace_anew(pauses: Pauses) -> None:
    instants = iter(range(100))
    pace = Pace(monotonic=lambda: float(next(instants)), pause=pauses)
    for _ in range(3):
        await pace.wait([b"a"])
    assert pauses == []


async def test_refusals_of_one_address_are_one_line_whatever_the_accounts(pace: Pace, pauses: Pauses) -> None:
    limiter = Limiter("postgresql://nobody@127.0.0.1:1/nothing", allowances_table(MetaData()), digest, pace=pace)
    for _ in range(5):
        await limiter.ensure_allowed(Charge(PER_ADDRESS, "a"))
    for account in ("ada", "eve", "mia"):
        with pytest.raises(LimitReached):
            await limiter.ensure_allowed(Charge(PER_ADDRESS, "a"), Charge(PER_ACCOUNT, account))
    assert pauses == pytest.approx([GAP_SECONDS, 2 * GAP_SECONDS])
    await limiter.close()


async def test_who_goes_on_after_a_refusal_waits_for_no_turn_and_keeps_nobody_waiting(
    pace: Pace, pauses: Pauses
) -> None:
    limiter = Limiter("postgresql://nobody@127.0.0.1:1/nothing", allowances_table(MetaData()), digest, pace=pace)
    charge = Charge(PER_ACCOUNT, "ada")
    assert [await limiter.allows(charge) for _ in range(4)] == [True, False, False, False]
    assert (pauses, limiter.refusals) == ([], {"account": 3})
    with pytest.raises(LimitReached):
        await limiter.ensure_allowed(charge)
    assert pauses == []
    await limiter.close()
