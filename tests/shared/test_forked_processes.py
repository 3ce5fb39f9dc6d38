"""A service that is built before its processes are forked (`gunicorn --preload`): each of them is one of its own."""

import subprocess
import sys

import pytest

from tests.support.databases import Databases
from watchword.auth import Revocations
from watchword.events import SilencePolicy, TransmitterAccount
from watchword.events.memory_receiver import MemoryReceiver
from watchword.events.process_name import ProcessName
from watchword.testing import StandingClock

LEASES = "SELECT process FROM posts.process_leases"

# What follows it runs in two processes, one after the other, forked from the one that has run what is before.
FORK_TWICE = """
import os, sys
for _ in range(2):
    if (child := os.fork()) == 0:
        break
    if os.waitpid(child, 0)[1] != 0:
        sys.exit("a child has failed")
else:
    sys.exit(0)
"""
BUILD_STORE = """
import asyncio, sys
from datetime import UTC, datetime
from posts_service.tables import RECEIVER
from watchword.database import Database
from watchword.events.postgres_store import PostgresStore
store = PostgresStore(Database(sys.argv[1]), RECEIVER, "https://issuer.example")
"""
LOOK = """
asyncio.run(store.look(None, datetime.now(UTC), notify=False))
"""
BUILD_METRICS = """
import os
from watchword.events import receive_security_events
from watchword.metrics import Metrics, watch_receiver
metrics = Metrics()
receiver = receive_security_events("https://issuer.example", client_id="notes", client_secret="secret")
watch_receiver(metrics, receiver)
"""
OBSERVE = """
receiver._refusal_delay.observe(0.1)
assert f'worker="{os.getpid()}"' in metrics.render().decode()
"""


def run_forked(built: str, then: str, *arguments: str) -> None:
    program = f"{built}{FORK_TWICE}{then}"
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, timeout=60)


async def test_two_processes_that_are_forked_from_one_with_a_store_have_two_leases(databases: Databases) -> None:
    await databases.empty("posts")
    run_forked(BUILD_STORE, LOOK, databases.url("posts_app"))
    assert len(set(await databases.fetch("posts_app", LEASES))) == 2


def test_a_forked_process_has_another_name_than_the_one_it_was_forked_from() -> None:
    run_forked(
        "from watchword.events.process_name import ProcessName\nname = ProcessName()\nbefore = str(name)",
        "assert str(name) != before and str(name) == str(name)",
    )
    assert str(ProcessName()) != str(ProcessName())


def test_each_forked_process_measures_as_itself() -> None:
    run_forked(BUILD_METRICS, OBSERVE)


async def test_silence_is_counted_from_the_start_and_not_from_when_the_receiver_was_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("watchword.events.memory_receiver.FIRST_POLL_TIMEOUT_SECONDS", 0.0)
    clock = StandingClock()
    account = TransmitterAccount("http://127.0.0.1:9", "notes", "secret")
    receiver = MemoryReceiver(account, Revocations(900), silence=SilencePolicy(30), clock=clock)
    clock.advance(hours=1)
    await receiver.start()
    try:
        assert not receiver.is_silent()
    finally:
        await receiver.stop()
