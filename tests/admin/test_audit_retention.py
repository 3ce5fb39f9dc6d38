"""The owner role deletes old entries of the audit log by a command, which the log records; the service cannot."""

from datetime import timedelta

import orjson
import pytest

from identity_service.audit import retention
from tests.admin.audit_rows import NOON, write
from tests.identity.command_line import environment_of, run
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.database.database import Database

ENTRIES = "SELECT id::text FROM identity.audit_entries WHERE action <> 'audit.pruned' ORDER BY id"
PRUNED = "SELECT actor, subject, detail, address FROM identity.audit_entries WHERE action = 'audit.pruned' ORDER BY id"
RECENT = """
    INSERT INTO identity.audit_entries (actor, action, subject, detail) VALUES ('a', 'b', 'c', '{}') RETURNING id::text
"""


async def entries(databases: Databases) -> list[str]:
    return [row["id"] for row in await databases.fetch("identity_app", ENTRIES)]


async def test_command_deletes_what_is_older_and_says_and_records_it(identity: Identity, databases: Databases) -> None:
    for number in range(3):
        await write(databases, number)
    recent = (await databases.fetch("identity_app", RECENT))[0]["id"]
    environment = environment_of(databases)
    owners = {name: environment[name] for name in ("IDENTITY_MIGRATION_DATABASE_URL",)}
    for deleted in (3, 0):
        outcome = await run(owners, "audit", "prune", "--older-than", "30")
        assert (outcome.status, outcome.error) == (0, "")
        assert outcome.output.endswith(f": {deleted}.\n")
    assert await entries(databases) == [recent]
    (row,) = await databases.fetch("identity_app", PRUNED)
    assert (row["actor"], row["subject"], row["address"]) == ("command line", "audit", None)
    assert orjson.loads(row["detail"])["entries"] == 3


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--older-than", "29"], 1),
        (["--older-than", "0"], 1),
        (["--older-than", "36501"], 1),
        (["--older-than", "x"], 2),
    ],
    ids=str,
)
async def test_nothing_is_deleted_by_a_number_of_days_that_is_not_allowed(
    identity: Identity, databases: Databases, arguments: list[str], status: int
) -> None:
    entry_id = await write(databases, 0)
    outcome = await run(environment_of(databases), "audit", "prune", *arguments)
    assert (outcome.status, outcome.output) == (status, "")
    assert await entries(databases) == [entry_id]


async def test_role_of_the_service_cannot_prune(identity: Identity, databases: Databases) -> None:
    entry_id = await write(databases, 0)
    environment = {"IDENTITY_MIGRATION_DATABASE_URL": databases.url("identity_app")}
    outcome = await run(environment, "audit", "prune", "--older-than", "30")
    assert outcome.status == 1
    assert await entries(databases) == [entry_id]


async def test_each_portion_is_recorded_with_what_it_has_deleted(
    identity: Identity, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    ids = [await write(databases, number) for number in range(7)]
    database = Database(databases.url("identity_owner"), size=1)
    try:
        assert await retention.prune(database, "command line", NOON + timedelta(seconds=5)) == 5
    finally:
        await database.close()
    assert await entries(databases) == ids[5:]
    counts = [orjson.loads(row["detail"])["entries"] for row in await databases.fetch("identity_app", PRUNED)]
    assert counts == [2, 2, 1]
