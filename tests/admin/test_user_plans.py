"""How PostgreSQL runs the statements of lists of accounts and sessions, planned once: along the index of the list,
however many there are, and without a look at what no page shows."""

from collections.abc import AsyncIterator
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest

from identity_service.accounts.directory_statements import Walk, list_statement
from identity_service.sessions.directory import NEWEST, NEWEST_OF_USER
from identity_service.users.models import AccountState
from tests.support.databases import Databases
from tests.support.plans import plan_of, scans
from tests.support.services import Identity

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

PEOPLE = 50_000
ACCOUNTS = """
    INSERT INTO identity.users (username, email, password_hash, is_active, awaits_verification)
    SELECT 'person' || n, 'mail' || n || '@example.com', repeat('x', 60), n % 50 <> 0, n % 100 = 1
    FROM generate_series(1, $1) n
"""
HOLDERS = "INSERT INTO identity.user_roles SELECT id, 'user' FROM identity.users"
MODERATORS = "INSERT INTO identity.user_roles SELECT id, 'moderator' FROM identity.users WHERE username LIKE '%7'"
SESSIONS = """
    INSERT INTO identity.sessions (user_id, client_id, scopes, audiences, created_at, expires_at, ended_at)
    SELECT id, 'web', '{}', '{}', now(), now() + interval '1 day', CASE WHEN username NOT LIKE '%5' THEN now() END
    FROM identity.users
"""
INDEXES = {
    Walk.NEWEST: "users_pkey",
    Walk.DISABLED: "users_disabled_idx",
    Walk.AWAITING: "users_newest_awaiting_idx",
    Walk.NAMES: "users_names_idx",
    Walk.ADDRESSES: "users_addresses_idx",
}
BY_ID = {"users_pkey", "users_disabled_idx", "users_newest_awaiting_idx"}
LAST, NOW = UUID(int=2**128 - 1), "2030-01-01T00:00:00Z"


@pytest.fixture
async def connection(identity: Identity, databases: Databases) -> AsyncIterator[Connection]:
    """The service's own role, over fifty thousand accounts."""
    await databases.execute("identity_owner", ACCOUNTS, PEOPLE)
    for statement in (HOLDERS, MODERATORS, SESSIONS):
        await databases.execute("identity_owner", statement)
    for table in ("users", "user_roles", "sessions"):
        await databases.execute("identity_owner", f"ANALYZE identity.{table}")
    connected = await asyncpg.connect(databases.url("identity_app"))
    await connected.execute("SET max_parallel_workers_per_gather = 0")
    yield connected
    await connected.close()


async def test_page_of_accounts_is_a_walk_along_its_index_and_looks_each_up_by_its_id(connection: Connection) -> None:
    for walk, has_role, state in product(Walk, (False, True), (None, *AccountState)):
        plan = await plan_of(connection, list_statement(walk, has_role, state), _values(walk, has_role))
        kinds = {node["Node Type"] for node in plan}
        assert kinds.isdisjoint({"Seq Scan", "Bitmap Heap Scan", "Hash Join", "Merge Join"}), (walk, has_role, state)
        others = {index for _, index in scans(plan, "users")} - BY_ID - {INDEXES.get(walk)}
        assert others == set(), (walk, has_role, state)
        assert {index for _, index in scans(plan, "user_roles")} <= {"user_roles_pkey", "user_roles_holders_idx"}


async def test_list_without_other_filters_reads_the_index_of_its_order(connection: Connection) -> None:
    for walk, index in INDEXES.items():
        plan = await plan_of(connection, list_statement(walk, False, None), _values(walk, False))
        assert index in {name for _, name in scans(plan, "users")}


async def test_live_sessions_are_a_walk_along_those_that_have_not_ended(connection: Connection) -> None:
    plan = await plan_of(connection, NEWEST, {"after": LAST, "limit": 21, "now": NOW})
    assert _walked(plan) == {"sessions_newest_live_idx"}


async def test_live_sessions_of_a_user_are_found_by_the_user(connection: Connection) -> None:
    plan = await plan_of(connection, NEWEST_OF_USER, {"after": LAST, "limit": 21, "now": NOW, "user_id": LAST})
    assert _walked(plan) <= {"sessions_live_idx", "sessions_device_idx"}


def _values(walk: Walk, has_role: bool) -> dict[str, Any]:
    values: dict[str, Any] = {"after": "" if walk.is_search else LAST, "limit": 21}
    values |= {"prefix": "person"} if walk.is_search else {}
    return values | ({"role": "moderator"} if has_role or walk is Walk.HOLDERS else {})


def _walked(plan: list[dict[str, Any]]) -> set[str]:
    """The indexes of sessions that are read for more than one id."""
    nodes = [node for node in plan if node["Node Type"].endswith("Scan") and "sessions" in str(node.get("Index Name"))]
    return {node["Index Name"] for node in nodes if not node.get("Index Cond", "").startswith("(id =")}
