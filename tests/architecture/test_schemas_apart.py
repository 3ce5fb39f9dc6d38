"""No service reaches the tables of the other, and none can change the shape of its own tables."""

import asyncpg
import pytest

from tests.support.databases import Databases

OTHER = {"identity": "posts", "posts": "identity"}

each_service = pytest.mark.parametrize("service", sorted(OTHER))


async def tables(databases: Databases, service: str) -> list[str]:
    sql = "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1"
    return [row["tablename"] for row in await databases.fetch(f"{service}_owner", sql, service)]


async def refused(databases: Databases, role: str, statement: str) -> bool:
    try:
        await databases.execute(role, statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    return False


@each_service
@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize(
    "statement", ["SELECT * FROM {table}", "DELETE FROM {table}", "INSERT INTO {table} DEFAULT VALUES"]
)
async def test_no_role_reaches_any_table_of_the_other_service(
    databases: Databases, service: str, role: str, statement: str
) -> None:
    names = await tables(databases, OTHER[service])
    assert names
    for name in names:
        table = f"{OTHER[service]}.{name}"
        assert await refused(databases, f"{service}_{role}", statement.format(table=table)), table


@each_service
async def test_app_role_reads_every_table_of_its_own(databases: Databases, service: str) -> None:
    for name in await tables(databases, service):
        assert not await refused(databases, f"{service}_app", f"SELECT * FROM {service}.{name} LIMIT 1"), name  # noqa: S608


@each_service
@pytest.mark.parametrize(
    "statement", ["ALTER TABLE {table} ADD COLUMN more int", "DROP TABLE {table}", "TRUNCATE {table}"]
)
async def test_app_role_changes_no_table_of_its_own(databases: Databases, service: str, statement: str) -> None:
    for name in await tables(databases, service):
        assert await refused(databases, f"{service}_app", statement.format(table=f"{service}.{name}")), name


@each_service
async def test_app_role_makes_no_table(databases: Databases, service: str) -> None:
    assert await refused(databases, f"{service}_app", f"CREATE TABLE {service}.more (id int)")
