"""A release replaces the one before it under load, the schema first, and no request fails."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

import identity_service.schema
import posts_service.parts
from deploy.local.postgres import EmbeddedPostgres, prepare_database
from deploy.local.processes import end_children, start_child
from tests.support import previous_release
from tests.support.databases import DATABASE, ROLES, Databases
from tests.support.next_release import NextRelease, pause
from tests.support.person import Person
from tests.support.ports import held_port
from tests.support.services import unique
from tests.support.stack import Stack, await_answer
from tests.support.waiting import until, wait_until
from tests.system.conftest import SETTINGS

MIGRATIONS = {"identity": identity_service.schema.MIGRATIONS, "posts": posts_service.parts.MIGRATIONS}
# What the next release adds to the busiest tables, and an index on each.
ADDITIONS = {
    "identity": ("users", "op.add_column('users', sa.Column('nickname', sa.Text), schema='identity')"),
    "posts": ("posts", "op.add_column('posts', sa.Column('mood', sa.Text), schema='posts')"),
}
PEOPLE = 4


@pytest.fixture
def previous(tmp_path: Path) -> Iterator[Stack]:
    """Both schemas at the revision of the previous release; no service runs."""
    passwords = {role: secrets.token_hex(8) for role in ROLES}
    with held_port() as port, EmbeddedPostgres(tmp_path / "postgres", port=port, durable=True) as server:
        prepare_database(server, DATABASE, passwords)
        databases = Databases(server, passwords)
        for service, migrations in MIGRATIONS.items():
            migrations.upgrade(databases.url(f"{service}_owner"), previous_release.REVISION)
        stack = Stack(tmp_path, databases, **SETTINGS)
        try:
            yield stack
        finally:
            stack.end()


async def test_the_previous_schema_is_brought_up_under_load(previous: Stack, http: httpx.AsyncClient) -> None:
    databases, addresses = previous.databases, (previous.identity, previous.posts)
    signer = await previous_release.set_up(databases, *addresses, previous.environment)
    people = [await previous_release.sign_in_and_publish(databases, *addresses, signer) for _ in range(5)]
    load = previous_release.Load()
    running = asyncio.create_task(load.run(databases))
    for service in MIGRATIONS:
        await load.goes_on(service)
        await asyncio.to_thread(previous.command, service, "migrate")
        await load.goes_on(service)
    load.over.set()
    await running
    assert load.failed == []
    previous.command("identity", "setup")
    previous.start("identity")
    previous.start("posts")
    for grace in people:
        await ensure_served(previous, http, grace)


async def ensure_served(stack: Stack, http: httpx.AsyncClient, grace: previous_release.PersonWithTokens) -> None:
    """The post, the account and the session of the previous release work in this one."""
    url = f"{stack.posts}/posts/{grace.post_id}"
    assert (await http.get(url)).json()["author"]["username"] == grace.username
    person = Person(http, stack, grace.username)
    person.tokens = {"access_token": grace.access_token, "refresh_token": grace.refresh_token}
    person.identity_token = grace.access_token
    assert (await http.get(f"{stack.identity}/users/me", headers=person.identity_headers)).status_code == 200
    assert (await http.patch(url, json={"title": "Changed"}, headers=person.headers)).status_code == 200
    await person.refresh()
    assert (await person.publish()).status_code == 201
    await person.sign_in()
    assert (await http.delete(url, headers=person.headers)).status_code == 204


async def test_a_restart_of_postgresql_leaves_a_migration_undone_and_it_can_be_run_again(
    previous: Stack, tmp_path: Path
) -> None:
    databases, later = previous.databases, NextRelease(tmp_path / "next")
    url, columns = databases.url("posts_owner"), "SELECT FROM information_schema.columns WHERE column_name = 'mood'"
    reached, go = tmp_path / "reached", tmp_path / "go"
    later.add("posts", ADDITIONS["posts"][1], *pause(reached, go), "op.execute('SELECT 1')")
    with later.migrating("posts", url) as job:
        wait_until(reached.exists)
        databases.server.kill()
        databases.server.start()
        go.touch()
        output = job.communicate(timeout=60)[1]
    assert job.returncode == 1
    assert output.count("\n") == 1
    assert "the connection to the database was lost" in output
    assert await databases.fetch("posts_owner", columns) == []
    later.migrate("posts", url)
    assert len(await databases.fetch("posts_owner", columns)) == 1


@dataclass
class Traffic:
    """Requests of several people while the schema changes, and the answers that were not as expected."""

    stack: Stack
    http: httpx.AsyncClient
    answers: int = 0
    failed: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def use(self, person: Person) -> None:
        """Publish, read, change, refresh, read account and sessions, sign in and out, until `over` is set."""
        posts, identity = self.stack.posts, self.stack.identity
        while not self.over.is_set():
            published = self.check(await person.publish(), 201)
            url = f"{posts}{published.headers['Location']}"
            self.check(await self.http.get(f"{posts}/posts", headers=person.headers), 200)
            self.check(await self.http.patch(url, json={"title": "B"}, headers=person.headers), 200)
            await person.refresh()
            self.check(await self.http.get(f"{identity}/users/me", headers=person.identity_headers), 200)
            self.check(await self.http.get(f"{identity}/sessions", headers=person.identity_headers), 200)
            other = await Person(self.http, self.stack, person.username).sign_in()
            self.check(await self.http.delete(f"{identity}/sessions/current", headers=other.identity_headers), 204)

    async def watch(self, url: str) -> None:
        while not self.over.is_set():
            self.check(await self.http.get(f"{url}/readyz"), 200)
            await asyncio.sleep(0.02)

    def check(self, answer: httpx.Response, expected: int) -> httpx.Response:
        self.answers += 1
        if answer.status_code != expected:
            self.failed.append(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
        return answer

    async def goes_on(self) -> None:
        before = self.answers
        await until(lambda: self.answers > before + 50 or bool(self.failed))


async def test_the_next_schema_goes_up_under_the_running_services(
    own_stack: Stack, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    people = [await Person(http, own_stack, unique("ada")).register() for _ in range(PEOPLE)]
    later, traffic = NextRelease(tmp_path / "next"), Traffic(own_stack, http)
    async with asyncio.TaskGroup() as group:
        for ada in people:
            group.create_task(traffic.use(ada))
        for url in (own_stack.identity, own_stack.posts):
            group.create_task(traffic.watch(url))
        for service, (table, addition) in ADDITIONS.items():
            await traffic.goes_on()
            later.add(service, addition)
            last = later.add(service, f"create_index_concurrently('later_idx', '{table}', ['id'], schema='{service}')")
            owner = own_stack.databases.url(f"{service}_owner")
            await asyncio.to_thread(later.migrate, service, owner)
            await traffic.goes_on()
            assert (await http.get(f"{url_of(own_stack, service)}/readyz")).json()["checks"]["database"] == last
        await ensure_replicas_start(own_stack, own_stack.environment, http)
        await ensure_replicas_start(own_stack, later.environment(own_stack.environment), http)
        await traffic.goes_on()
        traffic.over.set()
    assert traffic.failed == []
    await ensure_works(own_stack, http)


async def ensure_replicas_start(stack: Stack, environment: Mapping[str, str], http: httpx.AsyncClient) -> None:
    """Another process of each service starts and serves, with the code that `environment` selects."""
    ada = await Person(http, stack, unique("ada")).register()
    async with replica(stack, "identity", environment) as identity, replica(stack, "posts", environment) as posts:
        assert (await http.get(f"{identity}/users/me", headers=ada.identity_headers)).status_code == 200
        body = {"title": "A title", "body": "A body"}
        assert (await http.post(f"{posts}/posts", json=body, headers=ada.headers)).status_code == 201


@asynccontextmanager
async def replica(stack: Stack, service: str, environment: Mapping[str, str]) -> AsyncIterator[str]:
    """Run another process of a service over the same database, at a free port, and yield its URL."""
    with held_port() as port:
        environment = {**environment, f"{service.upper()}_PORT": str(port)}
        log = stack.child(service).log.with_name(f"{service}-{port}.log")
        child = start_child(
            service, [sys.executable, "-m", f"{service}_service", "serve"], log, environment=environment
        )
        try:
            # In a thread: other tasks of the test go on with their requests meanwhile.
            await asyncio.to_thread(await_answer, child, f"http://localhost:{port}/readyz")
            yield f"http://localhost:{port}"
        finally:
            await asyncio.to_thread(end_children, [child])


async def ensure_works(stack: Stack, http: httpx.AsyncClient) -> None:
    """Register, publish and sign out; posts then refuses the token."""
    ada = await Person(http, stack, unique("ada")).register()
    assert (await ada.publish()).status_code == 201
    await ada.sign_out()

    async def refused() -> bool:
        return (await ada.publish()).status_code == 401

    await until(refused)


def url_of(stack: Stack, service: str) -> str:
    return stack.identity if service == "identity" else stack.posts
