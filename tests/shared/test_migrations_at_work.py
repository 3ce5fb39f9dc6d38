"""Migrating while others use the tables: requests go on, migrations take turns, and each revision is done or undone."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.shared.test_migrations import BUSY, MIGRATIONS, each_service
from tests.support.databases import Databases
from tests.support.fresh import Fresh
from tests.support.next_release import NextRelease, pause
from tests.support.waiting import until, wait_until
from watchword.database.migrations import MigrationFailed, Migrations

WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock')"


@pytest.fixture
def fresh(databases: Databases) -> Iterator[Fresh]:
    """Both schemas at head."""
    fresh = Fresh(databases)
    for service, migrations in MIGRATIONS.items():
        migrations.upgrade(fresh.url(f"{service}_owner"))
    yield fresh
    fresh.drop()


@pytest.fixture
def later(tmp_path: Path) -> NextRelease:
    return NextRelease(tmp_path / "next")


def add_column(service: str, name: str) -> str:
    return f"op.add_column('{BUSY[service]}', sa.Column('{name}', sa.Text), schema='{service}')"


@asynccontextmanager
async def long_transaction(fresh: Fresh, service: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A transaction that has read the table and stays open until the block ends or the connection is closed."""
    connection = await asyncpg.connect(fresh.url(f"{service}_app"))
    try:
        await connection.execute("BEGIN")
        await connection.fetch(f"SELECT FROM {service}.{BUSY[service]}")
        yield connection
    finally:
        await connection.close()


@each_service
async def test_no_reader_waits_behind_a_migration_that_waits(fresh: Fresh, later: NextRelease, service: str) -> None:
    revision = later.add(service, add_column(service, "later"))
    reader = await asyncpg.connect(fresh.url(f"{service}_app"), command_timeout=30)
    async with long_transaction(fresh, service) as holder:
        with later.migrating(service, fresh.url(f"{service}_owner")) as job:
            for _ in range(3):
                await until(lambda: reader.fetchval(WAITING))
                await reader.fetch(f"SELECT FROM {service}.{BUSY[service]}")
            assert job.poll() is None
            await holder.close()
            log = (await asyncio.to_thread(job.communicate, timeout=60))[1]
    await reader.close()
    assert (job.returncode, "a table is in use" in log) == (0, True)
    assert fresh.revision(service) == revision


async def test_a_migration_that_never_gets_its_lock_says_so_and_leaves_nothing(
    fresh: Fresh, later: NextRelease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, columns = fresh.revision("posts"), fresh.columns("posts")
    later.add("posts", "op.create_table('more', sa.Column('id', sa.Uuid), schema='posts')", add_column("posts", "two"))
    shutil.copytree(later.folder / "posts_service" / "migrations", tmp_path / "later_posts" / "migrations")
    monkeypatch.syspath_prepend(tmp_path)
    migrations = Migrations("later_posts", "posts", MIGRATIONS["posts"].metadata)
    async with long_transaction(fresh, "posts"):
        with pytest.raises(MigrationFailed) as refusal:
            await asyncio.to_thread(migrations.upgrade, fresh.url("posts_owner"), tries=2)
    assert "a transaction has held on to a table" in str(refusal.value)
    assert (fresh.revision("posts"), fresh.columns("posts")) == (before, columns)


def test_migrations_take_turns(fresh: Fresh, later: NextRelease, tmp_path: Path) -> None:
    here, go = tmp_path / "here", tmp_path / "go"
    revision = later.add("posts", *pause(here, go), add_column("posts", "later"))
    with later.migrating("posts", fresh.url("posts_owner")) as first:
        wait_until(here.exists)
        with later.migrating("posts", fresh.url("posts_owner")) as second:
            assert second.stderr is not None
            assert "another migration is under way" in second.stderr.readline()
            go.touch()
    assert [first.returncode, second.returncode] == [0, 0]
    assert fresh.revision("posts") == revision


def test_a_migration_killed_between_two_lines_has_not_happened(
    fresh: Fresh,
    later: NextRelease,
    tmp_path: Path,
) -> None:
    before, columns = fresh.revision("posts"), fresh.columns("posts")
    here, go = tmp_path / "here", tmp_path / "go"
    later.add("posts", add_column("posts", "one"), *pause(here, go), add_column("posts", "two"))
    with later.migrating("posts", fresh.url("posts_owner")) as job:
        wait_until(here.exists)
        job.kill()
    assert (fresh.revision("posts"), fresh.columns("posts")) == (before, columns)
    go.touch()
    later.migrate("posts", fresh.url("posts_owner"))
    assert fresh.columns("posts") - columns == {"posts.one", "posts.two"}


def test_a_killed_concurrent_index_is_made_anew(fresh: Fresh, later: NextRelease) -> None:
    later.add("posts", "create_index_concurrently('later_idx', 'posts', ['title'], schema='posts')")
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('posts.later_idx')"
    asyncio.run(kill_while_it_builds(fresh, later, valid))
    later.migrate("posts", fresh.url("posts_owner"))
    assert fresh.ask(valid) == ["t"]


def test_a_migration_cut_off_at_an_index_that_is_not_its_first_step_is_done_again(fresh: Fresh) -> None:
    # The steps before the index are committed, and the revision is not recorded.
    fresh.ask("UPDATE posts.alembic_version SET version_num = '0013'")
    MIGRATIONS["posts"].upgrade(fresh.url("posts_owner"), "0014")
    assert fresh.revision("posts") == "0014"


async def kill_while_it_builds(fresh: Fresh, later: NextRelease, valid: str) -> None:
    """Kill the migration while its index waits for an open transaction to end."""
    connection = await asyncpg.connect(fresh.url("posts_app"))
    async with connection.transaction():
        await connection.execute("LOCK TABLE posts.posts IN ROW EXCLUSIVE MODE")
        with later.migrating("posts", fresh.url("posts_owner")) as job:
            await until(lambda: fresh.ask(valid) == ["f"])
            job.kill()
    await connection.close()
