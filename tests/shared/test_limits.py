"""Limits in one table: exact at once, shared by processes, and counted alone while the table cannot be asked."""

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import MetaData, Table

from tests.support.databases import Databases
from tests.support.waiting import PATIENCE_SECONDS, until
from watchword.database import Database
from watchword.database.portions import PORTION
from watchword.limits import (
    Charge,
    Limit,
    Limiter,
    LimitReached,
    allowances_table,
    delete_unneeded,
    delete_unneeded_portion,
)
from watchword.limits.memory import MAX_KEYS, Instants

TABLE: Table = allowances_table(MetaData(schema="posts"))
PER_ADDRESS = Limit("address", 5, 600)
PER_ACCOUNT = Limit("account", 3, 600)


def digest(label: str, text: str) -> bytes:
    return hmac.digest(b"a key", f"{label} {text}".encode(), "sha256")


@pytest.fixture(autouse=True)
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals leave at once."""
    monkeypatch.setattr("watchword.limits.pace.GAP_SECONDS", 0.0)


@pytest.fixture
async def table(databases: Databases) -> None:
    """The table of posts, empty."""
    await databases.empty("posts")


@pytest.fixture
async def new_limiter(databases: Databases, table: None) -> AsyncIterator[Callable[[], Limiter]]:
    """Makes the limiter of one more process."""
    limiters: list[Limiter] = []

    def new() -> Limiter:
        limiters.append(Limiter(databases.url("posts_app"), TABLE, digest))
        return limiters[-1]

    yield new
    for limiter in limiters:
        await limiter.close()


async def allowed(limiter: Limiter, *charges: Charge, times: int = 1) -> int:
    """How many of so many requests at once are let through."""
    results = await asyncio.gather(*(limiter.ensure_allowed(*charges) for _ in range(times)), return_exceptions=True)
    assert all(result is None or isinstance(result, LimitReached) for result in results), results
    return results.count(None)


@asynccontextmanager
async def locked(databases: Databases) -> AsyncIterator[None]:
    """Another connection holds the whole table as long as the block lasts."""
    connection = await asyncpg.connect(databases.url("posts_owner"))
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE posts.allowances IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def test_two_hundred_at_once_get_exactly_the_limit(new_limiter: Callable[[], Limiter]) -> None:
    limiter = new_limiter()
    # Opened first: a process that still connects counts alone.
    assert await allowed(limiter, Charge(PER_ADDRESS, "somebody else")) == 1
    assert await allowed(limiter, Charge(PER_ADDRESS, "a"), times=200) == PER_ADDRESS.quota


async def test_processes_share_one_count(new_limiter: Callable[[], Limiter]) -> None:
    one, other = new_limiter(), new_limiter()
    assert await allowed(one, Charge(PER_ADDRESS, "a"), times=3) == 3
    assert await allowed(other, Charge(PER_ADDRESS, "a"), times=10) == 2
    assert await allowed(one, Charge(PER_ADDRESS, "a")) == 0
    assert one.tally["together"] + other.tally["together"] >= 4


async def test_a_refusal_by_one_limit_charges_no_other(new_limiter: Callable[[], Limiter]) -> None:
    account, address = Charge(PER_ACCOUNT, "ada"), Charge(PER_ADDRESS, "a")
    limiter, other = new_limiter(), new_limiter()
    assert await allowed(limiter, account, times=3) == 3
    # Another process remembers no refusal, and asks the table each time.
    for _ in range(10):
        other._refusals = Instants(lambda: 0.0)
        assert await allowed(other, account, address) == 0
    assert await allowed(new_limiter(), address, times=10) == PER_ADDRESS.quota


async def test_a_use_that_is_given_back_can_be_had_again_and_no_more(new_limiter: Callable[[], Limiter]) -> None:
    limiter, charges = new_limiter(), (Charge(PER_ACCOUNT, "ada"), Charge(PER_ADDRESS, "a"))
    assert await allowed(limiter, *charges, times=5) == 3
    # The refusal that is remembered ends with it, too.
    await limiter.give_back(*charges)
    assert await allowed(limiter, *charges, times=5) == 1
    assert await allowed(new_limiter(), charges[1], times=5) == 2
    # What nobody has charged gives nothing.
    await limiter.give_back(Charge(PER_ACCOUNT, "eve"))
    assert await allowed(limiter, Charge(PER_ACCOUNT, "eve"), times=5) == 3


async def test_a_use_is_given_back_in_this_process_while_the_table_is_locked(
    databases: Databases, new_limiter: Callable[[], Limiter]
) -> None:
    limiter = new_limiter()
    async with locked(databases):
        await limiter.give_back(Charge(PER_ADDRESS, "a"))
        assert await allowed(limiter, Charge(PER_ADDRESS, "a"), times=20) == PER_ADDRESS.quota
        await limiter.give_back(Charge(PER_ADDRESS, "a"))
        assert await allowed(limiter, Charge(PER_ADDRESS, "a"), times=20) == 1


async def test_charging_and_giving_back_at_once_never_wait_for_each_other_in_a_circle(
    new_limiter: Callable[[], Limiter], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A circle is broken after a second (deadlock_timeout), and a busy machine answers late without one.
    for name in ("limiter.ANSWER_SECONDS", "statements.TIMEOUT_SECONDS"):
        monkeypatch.setattr(f"watchword.limits.{name}", PATIENCE_SECONDS)
    monkeypatch.setattr("watchword.limits.limiter.LOCK_MILLISECONDS", 60_000)
    one, other, many = new_limiter(), new_limiter(), Limit("many", 10_000, 600)
    charges = [Charge(many, subject) for subject in "abcdef"]
    assert await allowed(one, *charges) == await allowed(other, *charges) == 1
    rounds = [(one.ensure_allowed(*charges), other.give_back(*reversed(charges))) for _ in range(500)]
    await asyncio.gather(*(call for pair in rounds for call in pair))
    assert not one.counts_alone


async def test_a_refused_flood_costs_no_statements(new_limiter: Callable[[], Limiter]) -> None:
    limiter = new_limiter()
    while await allowed(limiter, Charge(PER_ADDRESS, "a")):
        pass
    statements = limiter.tally["together"]
    assert await allowed(limiter, Charge(PER_ADDRESS, "a"), times=1_000) == 0
    assert limiter.tally["together"] == statements
    assert limiter.tally["remembered"] == 1_000
    assert limiter.refusals == {"address": 1_001}


async def test_with_the_table_locked_each_process_counts_alone_and_later_together_again(
    databases: Databases, new_limiter: Callable[[], Limiter], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = new_limiter(), new_limiter()
    with caplog.at_level(logging.WARNING, "watchword.limits"):
        async with locked(databases):
            for limiter in (one, other):
                assert await allowed(limiter, Charge(PER_ADDRESS, "a"), times=20) == PER_ADDRESS.quota
                assert limiter.counts_alone
                assert limiter.tally["alone"] > 0
    lines = [record for record in caplog.records if "by this process alone" in record.message]
    assert len(lines) == 2
    await until(lambda: not one.counts_alone and not other.counts_alone)
    assert await allowed(one, Charge(PER_ADDRESS, "b"), times=4) == 4
    assert await allowed(other, Charge(PER_ADDRESS, "b"), times=4) == 1


async def test_without_a_database_the_limit_still_holds() -> None:
    limiter = Limiter("postgresql://nobody@127.0.0.1:1/nothing", TABLE, digest)
    assert await allowed(limiter, Charge(PER_ADDRESS, "a"), Charge(PER_ACCOUNT, "ada"), times=50) == 3
    assert await allowed(limiter, Charge(PER_ADDRESS, "a"), times=50) == 2
    await limiter.close()


async def test_the_table_holds_no_subject_and_what_is_over_is_deleted(
    databases: Databases, new_limiter: Callable[[], Limiter]
) -> None:
    await allowed(new_limiter(), Charge(PER_ADDRESS, "192.0.2.1"), Charge(Limit("short", 1_000_000, 1), "ada"))
    rows = await databases.fetch("posts_app", "SELECT key FROM posts.allowances")
    assert {len(row["key"]) for row in rows} == {16}
    database = Database(databases.url("posts_app"))

    async def is_deleted() -> bool:
        return await delete_unneeded(database, TABLE) == 1

    await until(is_deleted)
    assert await delete_unneeded(database, TABLE) == 0
    await database.close()


async def test_what_is_over_is_deleted_as_it_lies_without_sorting_the_table(databases: Databases, table: None) -> None:
    over = "now() - interval '1 day' + n * interval '1 second'"
    rows = f"SELECT int4send(n), {over} FROM generate_series({PORTION + 1}, 1, -1) n"  # noqa: S608
    await databases.execute("posts_app", f"INSERT INTO posts.allowances {rows}")
    database = Database(databases.url("posts_app"))
    async with database.begin() as db:
        assert await delete_unneeded_portion(db, TABLE) == PORTION
    await database.close()
    (last,) = await databases.fetch("posts_app", "SELECT key FROM posts.allowances")
    assert int.from_bytes(last["key"]) == 1


async def test_uses_come_back_one_by_one() -> None:
    now = 0.0
    limiter = Limiter("postgresql://nobody@127.0.0.1:1/nothing", TABLE, digest, monotonic=lambda: now)
    assert await allowed(limiter, Charge(PER_ADDRESS, "a"), times=6) == 5
    now = 119.0
    assert await allowed(limiter, Charge(PER_ADDRESS, "a")) == 0
    now = 121.0
    assert await allowed(limiter, Charge(PER_ADDRESS, "a"), times=6) == 1
    await limiter.close()


async def test_a_refusal_says_which_limit_and_when(new_limiter: Callable[[], Limiter]) -> None:
    limiter = new_limiter()
    await allowed(limiter, Charge(PER_ADDRESS, "a"), times=5)
    with pytest.raises(LimitReached) as refusal:
        await limiter.ensure_allowed(Charge(PER_ADDRESS, "a"))
    fields = refusal.value.headers()
    seconds = int(fields["Retry-After"])
    assert 60 < seconds <= 120
    assert fields["RateLimit-Policy"] == '"address";q=5;w=600'
    assert fields["RateLimit"] == f'"address";r=0;t={seconds}'


def test_memory_is_bounded() -> None:
    memory = Instants(lambda: 0.0)
    for number in range(MAX_KEYS + 10):
        memory.put(b"%d" % number, 60)
    assert len(memory) == MAX_KEYS
    assert memory.seconds_to(b"0") == 0
    assert memory.seconds_to(b"%d" % (MAX_KEYS + 9)) == 60


@pytest.mark.parametrize("text", ["10", "10/", "/900", "0/900", "10/0", "-1/5", "1.5/60", "1/9999999", "10/15m", ""])
def test_a_limit_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it must be"):
        Limit.parse("sign-in", text)


def test_a_limit_is_a_number_and_seconds() -> None:
    assert Limit.parse("sign-in", " 10/900 ") == Limit("sign-in", 10, 900)
    assert Limit("thirds", 3, 1).cost == 0.333333
