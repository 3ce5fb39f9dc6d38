"""Replicas stop and start under load: no read fails, and a refused write has had no effect."""

import asyncio
from functools import partial

import httpx
import pytest

from tests.support.containers import Containers
from tests.support.load import titles_of, under_load
from tests.support.waiting import until, wait_until
from tests.system.conftest import NewPerson


@pytest.mark.parametrize("service", ["identity", "posts"])
async def test_a_rolling_restart_under_load_fails_no_read_and_no_write_halfway(
    running: Containers, person: NewPerson, service: str
) -> None:
    ada = await person()
    before = set(running.replicas(service))
    async with under_load(ada) as load:
        await until(lambda: len(load.promised) >= 20)
        roll = await asyncio.to_thread(running.roll, service)
        assert roll.returncode == 0, roll.stderr
        count = len(load.promised)
        await until(lambda: len(load.promised) >= count + 20)
    assert before.isdisjoint(running.replicas(service))
    assert len(running.replicas(service)) == len(before)
    assert load.failed_reads == []
    assert load.unexplained == []
    titles = await titles_of(ada)
    assert load.promised <= titles.keys()
    assert not load.refused & titles.keys()
    assert max(titles.values()) == 1


def test_a_roll_that_fails_leaves_what_was_there(running: Containers) -> None:
    stopped, *others = running.replicas("posts")
    running.run("docker", "stop", stopped)
    roll = running.roll("posts", LOG_LEVEL="loud")
    assert roll.returncode == 1
    assert "does not become healthy" in roll.stderr
    assert set(running.compose("ps", "--all", "--quiet", "posts").split()) == set(others)
    running.compose("up", "--detach", "--no-deps", "--no-recreate", "--wait", "--scale", "posts=3", "posts")
    assert set(others) < set(running.replicas("posts"))


async def test_killing_a_replica_fails_no_read_and_loses_no_confirmed_write(
    running: Containers, person: NewPerson
) -> None:
    ada = await person()
    async with under_load(ada) as load:
        await until(lambda: len(load.promised) >= 20)
        for service in ("posts", "identity"):
            victim = running.replicas(service)[0]
            await asyncio.to_thread(running.run, "docker", "kill", victim)
            count = len(load.promised)
            await until(lambda count=count: len(load.promised) >= count + 50)  # type: ignore[misc]
            await asyncio.to_thread(running.run, "docker", "start", victim)
            await asyncio.to_thread(wait_until, partial(is_healthy, running, victim))
    assert load.failed_reads == []
    assert load.unexplained == []
    # A write whose replica was killed may have been committed, although it was answered with an error.
    assert load.promised <= (await titles_of(ada)).keys()


async def test_postgresql_restarts_under_load(running: Containers, person: NewPerson) -> None:
    ada = await person()
    async with under_load(ada) as load:
        await until(lambda: len(load.promised) >= 20)
        await asyncio.to_thread(running.compose, "restart", "postgres")
        count = len(load.promised)
        await until(lambda: len(load.promised) >= count + 50)
    assert set(load.reads) <= {200, 503}
    assert load.unexplained == []
    assert load.promised <= (await titles_of(ada)).keys()


async def test_the_stack_works_again_after_a_restart_of_caddy(running: Containers, http: httpx.AsyncClient) -> None:
    await asyncio.to_thread(running.compose, "restart", "caddy")

    await until(lambda: is_healthy(running, running.replicas("caddy")[0]))
    for url in (running.identity, running.posts):
        assert (await http.get(f"{url}/readyz")).status_code == 200


def is_healthy(running: Containers, container: str) -> bool:
    return bool(running.inspect(container)["State"]["Health"]["Status"] == "healthy")
