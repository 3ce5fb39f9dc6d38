"""The jobs of posts: its worker runs, and the command line lists dead jobs and has them run again."""

import asyncio
import os
from functools import partial

import pytest

from tests.support.commands import commands_of
from tests.support.databases import Databases
from tests.support.metrics import scrape
from tests.support.services import POSTS_SECRET, POSTS_URL, SEALING_KEY, Posts
from tests.support.waiting import PATIENCE_SECONDS, until

DEAD = """
    INSERT INTO posts.jobs (kind, payload, attempts, dead_at, last_error)
    VALUES ('unknown', '{}', 3, now() - $1::text::interval, 'ValueError: no') RETURNING id
"""
CLEANUP = "SELECT leased_until IS NULL AND run_at > now() + interval '59 minutes' AS is_done FROM posts.jobs"
CLEAN_UP_NOW = "UPDATE posts.jobs SET run_at = now() WHERE kind = 'cleanup'"


async def dead_job(databases: Databases, age: str = "0 days") -> str:
    return str((await databases.fetch("posts_app", DEAD, age))[0]["id"])


async def test_hourly_clean_up_deletes_jobs_that_have_been_dead_for_thirty_days_and_a_notification_wakes_it(
    posts: Posts, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing but a notification has the worker look.
    monkeypatch.setattr("watchword.jobs.worker.POLL_SECONDS", 600)
    await dead_job(databases, "31 days")
    recent = await dead_job(databases, "29 days")

    async def is_enqueued() -> bool:
        return bool(await databases.fetch("posts_app", f"{CLEANUP} WHERE kind = 'cleanup'"))

    await until(is_enqueued)
    await databases.execute("posts_app", CLEAN_UP_NOW)
    await databases.execute("posts_app", "SELECT pg_notify('posts_jobs', 'jobs')")
    await until(lambda: posts.parts.job_worker.outcomes["done"] == 1)
    rows = await databases.fetch("posts_app", f"{CLEANUP} WHERE kind = 'cleanup'")
    assert [row["is_done"] for row in rows] == [True]
    dead = await databases.fetch("posts_app", "SELECT id FROM posts.jobs WHERE dead_at IS NOT NULL")
    assert [str(row["id"]) for row in dead] == [recent]
    await posts.parts.job_worker.count()
    metrics = await scrape(posts.http)
    assert [metrics("watchword_jobs_dead", kind=kind) for kind in ("unknown", "cleanup")] == [1, 0]


async def run(databases: Databases, *arguments: str) -> tuple[int, str]:
    """The status and the output of a command of posts, which is a process of its own."""
    settings = {
        "POSTS_DATABASE_URL": databases.url("posts_app"),
        "POSTS_ISSUER": "http://localhost:8001",
        "POSTS_AUDIENCE": POSTS_URL,
        "POSTS_CLIENT_SECRET": POSTS_SECRET,
        "POSTS_PAGES_SEALING_KEY": SEALING_KEY,
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("POSTS_")}
    command = partial(commands_of("posts").run, seconds=PATIENCE_SECONDS)
    ended = await asyncio.to_thread(command, arguments, {**others, **settings})
    return ended.returncode, (ended.stdout + ended.stderr).strip()


async def test_dead_jobs_are_listed_and_run_again(databases: Databases) -> None:
    await databases.empty("posts")
    job_id = await dead_job(databases)
    status, listed = await run(databases, "jobs", "list")
    assert (status, listed.split()[0], listed.split()[2]) == (0, job_id, "dead")
    assert await run(databases, "jobs", "retry", job_id) == (0, f"{job_id} runs again.")
