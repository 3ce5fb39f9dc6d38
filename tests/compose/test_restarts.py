"""Replicas come and go under load: no read fails, and what a refused write was about has not happened."""

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
    async with under_load(ada) as told:
        await until(lambda: len(told.promised) >= 20)
        rolled = await asyncio.to_thread(running.roll, service)
        assert rolled.returncode == 0, rolled.stderr
        kept = len(told.promised)
        await until(lambda: len(told.promised) >= kept + 20)
    assert before.isdisjoint(running.replicas(service))
    assert len(running.replicas(service)) == len(before)
    assert told.failed_reads == []
    assert told.unexplained == []
    there = await titles_of(ada)
    assert told.promised <= there.keys()
    assert not told.refused & there.keys()
    assert max(there.values()) == 1


def test_a_roll_that_fails_leaves_what_was_there(running: Containers) -> None:
    stopped, *others = running.replicas("posts")
    running.run("docker", "stop", stopped)
    rolled = running.roll("posts", LOG_LEVEL="loud")
    assert rolled.returncode == 1
    assert "does not become healthy" in rolled.stderr
    assert set(running.compose("ps", "--all", "--quiet", "posts").split()) == set(others)
    running.compose("up", "--detach", "--no-deps", "--no-recreate", "--wait", "--scale", "posts=3", "posts")
    assert set(others) < set(running.replicas("posts"))


async def test_a_replica_that_is_killed_takes_no_read_and_no_promise_along(
    running: Containers, person: NewPerson
) -> None:
    ada = await person()
    async with under_load(ada) as told:
        await until(lambda: len(told.promised) >= 20)
        for service in ("posts", "identity"):
            victim = running.replicas(service)[0]
            await asyncio.to_thread(running.run, "docker", "kill", victim)
            kept = len(told.promised)
            await until(lambda kept=kept: len(told.promised) >= kept + 50)  # type: ignore[misc]
            await asyncio.to_thread(running.run, "docker", "start", victim)
            await asyncio.to_thread(wait_until, partial(is_healthy, running, victim))
    assert told.failed_reads == []
    assert told.unexplained == []
    # Whether a write was done when its replica died, nobody can know: a refused one may be there.
    assert told.promised <= (await titles_of(ada)).keys()


async def test_postgresql_restarts_under_load(running: Containers, person: NewPerson) -> None:
    ada = await person()
    async with under_load(ada) as told:
        await until(lambda: len(told.promised) >= 20)
        await asyncio.to_thread(running.compose, "restart", "postgres")
        kept = len(told.promised)
        await until(lambda: len(told.promised) >= kept + 50)
    assert set(told.reads) <= {200, 503}
    assert told.unexplained == []
    assert told.promised <= (await titles_of(ada)).keys()


async def test_caddy_restarts_and_the_stack_is_there_again(running: Containers, http: httpx.AsyncClient) -> None:
    await asyncio.to_thread(running.compose, "restart", "caddy")

    await until(lambda: is_healthy(running, running.replicas("caddy")[0]))
    for url in (running.identity, running.posts):
        assert (await http.get(f"{url}/readyz")).status_code == 200


def is_healthy(running: Containers, container: str) -> bool:
    return bool(running.inspect(container)["State"]["Health"]["Status"] == "healthy")
