"""The record of refused sign-ins: by account, address and minute, and never what was typed."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from identity_service.administration import Administration
from identity_service.cleanup import REFUSALS_FOR
from identity_service.refused_sign_ins import service
from tests.identity.test_limits import at, grant, statuses
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts
from tests.support.services import PASSWORD, Identity
from watchword.testing import StandingClock

__all__ = ["exact_counts"]

ROWS = "SELECT * FROM identity.refused_sign_ins ORDER BY user_id, address, minute, count"
EVERYTHING = "SELECT coalesce(string_agg(row::text, ' '), '') AS text FROM identity.refused_sign_ins AS row"
FIRST, SECOND = "192.0.2.1", "192.0.2.2"


@pytest.fixture
async def identity(clean_databases: Databases, clock: StandingClock) -> AsyncIterator[Identity]:
    async with services.identity(clean_databases, clock=clock) as identity:
        yield identity


@pytest.fixture(autouse=True)
def written_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No background loop writes what waits: the tests do."""
    monkeypatch.setattr(service, "PAUSE_SECONDS", 600.0)


async def rows_of(databases: Databases) -> list[asyncpg.Record]:
    return await databases.fetch("identity_app", ROWS)


async def counts_of(databases: Databases) -> list[tuple[str | None, str, int]]:
    """The user, address and count of each row."""
    rows = await rows_of(databases)
    return [(str(row["user_id"]) if row["user_id"] else None, row["address"], row["count"]) for row in rows]


@asynccontextmanager
async def locked(databases: Databases) -> AsyncIterator[None]:
    """Another connection holds the whole table as long as the block lasts."""
    owner = await asyncpg.connect(databases.url("identity_owner"))
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE identity.refused_sign_ins IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await owner.close()


async def test_refusals_are_counted_by_account_address_and_minute(
    identity: Identity, databases: Databases, clock: StandingClock
) -> None:
    user_id = await identity.register("ada")
    clock.advance(seconds=60 - clock.now().second)
    first, second = at(identity, FIRST), at(identity, SECOND)
    # Both names of an account are one account, and so are all spellings.
    assert await statuses(first, "ada", "ADA", "ada@Example.com") == [400] * 3
    assert await statuses(second, "ada") == [400]
    clock.advance(seconds=60)
    assert await statuses(first, "ada") == [400]
    assert await counts_of(databases) == [(user_id, FIRST, 3), (user_id, FIRST, 1), (user_id, SECOND, 1)]
    rows = await rows_of(databases)
    assert {row["account"] for row in rows} == {UUID(user_id).bytes}
    assert {row["reason"] for row in rows} == {"wrong name or password"}
    assert [row["minute"].second for row in rows] == [0, 0, 0]
    # A sign-in is no refusal.
    await first.sign_in("ada")
    assert sum(row["count"] for row in await rows_of(databases)) == 5


async def test_name_that_nobody_has_is_recorded_by_the_same_statement_and_as_a_keyed_digest(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await identity.register("ada")
    write, written = identity.parts.database.writes.fetch_row, []

    async def noted(statement: Any, **values: Any) -> Any:
        written.append(statement)
        return await write(statement, **values)

    monkeypatch.setattr(identity.parts.database.writes, "fetch_row", noted)
    with caplog.at_level(logging.INFO):
        assert await statuses(identity, "ada", "xyzzy", "Xyzzy", "plugh@example.com") == [400] * 4
    assert (len(written), len(set(written))) == (4, 1)
    assert [count for user_id, _, count in await counts_of(databases) if user_id is None] == [1, 2]
    text = (await databases.fetch("identity_app", EVERYTHING))[0]["text"] + caplog.text
    assert not any(word in text.lower() for word in ("xyzzy", b"xyzzy".hex(), "plugh", "wrong1"))


async def test_log_names_the_account_the_address_and_the_reason(
    identity: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    user_id = await identity.register("ada")
    await identity.register("eve")
    await Administration(identity.parts).set_active("eve", active=False)
    with caplog.at_level(logging.INFO, "identity.sign_ins"):
        assert await statuses(at(identity, FIRST), "ada", "nobody") == [400, 400]
        assert (await grant(at(identity, FIRST), "eve", PASSWORD)).status_code == 400
    messages = [record.getMessage() for record in caplog.records if record.name == "identity.sign_ins"]
    assert messages[:2] == [
        f"refused a sign-in for account {user_id} from {FIRST}: wrong name or password",
        f"refused a sign-in for no account from {FIRST}: wrong name or password",
    ]
    assert messages[2].endswith(": account disabled")


async def test_network_of_an_ipv6_address_is_recorded(identity: Identity, databases: Databases) -> None:
    for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:3::1"):
        assert await statuses(at(identity, address), "eve") == [400]
    assert await counts_of(databases) == [(None, "2001:db8:1:2::", 2), (None, "2001:db8:1:3::", 1)]


async def test_refusals_of_limits_cost_no_statement_and_are_written_together(
    clean_databases: Databases, clock: StandingClock
) -> None:
    limits: dict[str, Any] = {"limit_sign_in": "1/9000", "limit_sign_in_address": "4/9000"}
    async with services.identity(clean_databases, clock=clock, **limits) as identity:
        user_id, first = await identity.register("ada"), at(identity, FIRST)
        assert await statuses(first, "ada", "ada", "ADA", "eve", "eve") == [400, 429, 429, 400, 429]
        assert await counts_of(clean_databases) == [(user_id, FIRST, 1), (None, FIRST, 1)]
        # The limit of the address refuses every name, of which none makes a row.
        assert await statuses(first, *(f"user{number}" for number in range(6))) == [400, 400, *[429] * 4]
        await identity.parts.authentication.refused_sign_ins.write_waiting()
        rows = await rows_of(clean_databases)
        assert sorted((len(row["account"]), row["count"], row["reason"]) for row in rows) == [
            (0, 4, "limit reached"),
            (16, 3, "limit reached"),
            (32, 1, "wrong name or password"),
            (32, 1, "wrong name or password"),
            (32, 2, "limit reached"),
        ]
        await identity.parts.authentication.refused_sign_ins.write_waiting()
        assert await rows_of(clean_databases) == rows


async def test_memory_of_what_waits_is_bounded(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service, "MOST_WAITING", 3)
    for number in range(100):
        identity.parts.authentication.refused_sign_ins.count(f"user{number % 10}")
    await identity.parts.authentication.refused_sign_ins.write_waiting()
    assert [count for _, _, count in await counts_of(databases)] == [10, 10, 10]
    assert len([record for record in caplog.records if "not every refused sign-in" in record.message]) == 1


async def test_replicas_add_to_one_row(identity: Identity, databases: Databases, clock: StandingClock) -> None:
    user_id = await identity.register("ada")
    async with services.identity(databases, clock=clock) as other:
        for replica in (identity, other, identity):
            assert await statuses(at(replica, FIRST), "ada") == [400]
            replica.parts.authentication.refused_sign_ins.count("ada")
        # What waits is written when a process stops.
    await identity.parts.authentication.refused_sign_ins.write_waiting()
    ((user, _, count),) = await counts_of(databases)
    assert (user, count >= 5) == (user_id, True)


async def test_refusal_stays_a_refusal_while_the_table_cannot_be_written_and_is_recorded_later(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "WRITE_SECONDS", 0.2)
    await identity.register("ada")
    async with locked(databases):
        assert await statuses(identity, "ada", "eve", "ada") == [400] * 3
        await identity.sign_in("ada")
        await identity.parts.authentication.refused_sign_ins.finish()
    monkeypatch.undo()
    assert await rows_of(databases) == []
    await identity.parts.authentication.refused_sign_ins.write_waiting()
    assert sorted(count for _, _, count in await counts_of(databases)) == [1, 2]
    assert await statuses(identity, "ada") == [400]
    assert sorted(count for _, _, count in await counts_of(databases)) == [1, 3]


async def test_rows_leave_with_the_account_also_those_that_come_later_and_after_ninety_days(
    identity: Identity, databases: Databases, clock: StandingClock
) -> None:
    headers = await identity.signed_in("ada")
    eve = await identity.register("eve")
    assert await statuses(identity, "ada", "eve") == [400, 400]
    identity.parts.authentication.refused_sign_ins.count("ada")
    ada = (await identity.http.get("/users/me", headers=headers)).json()["id"]
    assert (await identity.http.delete("/users/me", headers=headers)).status_code == 204
    assert [user_id for user_id, _, _ in await counts_of(databases)] == [eve]
    # A refusal that began before the deletion ends after it.
    straggler = "UPDATE identity.refused_sign_ins SET user_id = $1 WHERE user_id = $2"
    await databases.execute("identity_owner", straggler, UUID(ada), UUID(eve))
    await identity.parts.cleanup.delete_expired(clock.now())
    assert await counts_of(databases) == []
    assert await statuses(identity, "eve") == [400]
    minute = (await rows_of(databases))[0]["minute"]
    await identity.parts.cleanup.delete_expired(minute + REFUSALS_FOR)
    assert len(await rows_of(databases)) == 1
    await identity.parts.cleanup.delete_expired(minute + REFUSALS_FOR + timedelta(seconds=1))
    assert await rows_of(databases) == []
