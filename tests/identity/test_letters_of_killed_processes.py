"""A letter outlives the processes that were to send it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.local.processes import ChildProcess, end_children, start_child
from identity_service.letters import LetterKind
from tests.identity.letter_jobs import JOBS, NO_LEASE, NO_PAUSE, account, enqueue, letter, no_jobs
from tests.support import services
from tests.support.databases import Databases
from tests.support.mail_server import MailServer, mail_server
from tests.support.ports import held_port
from tests.support.waiting import until

LETTERS = 3


@pytest.fixture
def away() -> Iterator[MailServer]:
    """A mail server that does not run."""
    with held_port() as port:
        server = MailServer()
        server.port = port
        yield server


@contextmanager
def killed_process(databases: Databases, mail_settings: dict[str, Any], log: Path) -> Iterator[ChildProcess]:
    """A process of identity, which gets SIGKILL at the end of the block."""
    with held_port() as port:
        settings = {
            "database_url": databases.url("identity_app"),
            "issuer": services.IDENTITY_URL,
            "key_encryption_key": services.KEY_ENCRYPTION_KEY,
            "host": "127.0.0.1",
            "port": port,
            **mail_settings,
        }
        own = {name: value for name, value in os.environ.items() if not name.startswith("IDENTITY_")}
        environment = own | {f"IDENTITY_{name.upper()}": str(value) for name, value in settings.items()}
        command = [sys.executable, "-m", "identity_service", "serve"]
        child = start_child("identity", command, log, environment=environment)
        try:
            yield child
        finally:
            end_children([child], [signal.SIGKILL])


async def make_due(databases: Databases) -> None:
    """End the pauses of all letters, and the leases of processes that were killed."""
    for statement in (NO_LEASE, NO_PAUSE):
        await databases.execute("identity_app", statement)


async def attempts(databases: Databases) -> int:
    return sum(row["attempts"] for row in await databases.fetch("identity_app", JOBS))


async def test_letters_arrive_although_processes_are_killed_while_they_wait_and_while_they_are_sent(
    clean_databases: Databases, away: MailServer, tmp_path: Path
) -> None:
    async with services.identity(clean_databases, **away.settings) as service:
        ada = await account(service)
        await enqueue(service, *(letter(service, ada, LetterKind.VERIFY_ADDRESS) for _ in range(LETTERS)))

    async def has_tried() -> bool:
        return await attempts(clean_databases) > before

    await make_due(clean_databases)
    before = await attempts(clean_databases)
    with killed_process(clean_databases, away.settings, tmp_path / "log") as child:
        await until(has_tried, child.log_tail)
    await make_due(clean_databases)
    async with mail_server(port=away.port) as inbox:
        inbox.hangs_at = "DATA"
        with killed_process(clean_databases, away.settings, tmp_path / "log") as child:
            # Letters that were lost with their process before are sent one at a time.
            await until(lambda: bool(inbox.letters), child.log_tail)
        await until(lambda: not inbox.has_clients)
        cut_off = len(inbox.letters)
        await make_due(clean_databases)
        inbox.hangs_at = ""
        with killed_process(clean_databases, away.settings, tmp_path / "log") as child:
            await until(lambda: no_jobs(clean_databases), child.log_tail)
    assert len(inbox.letters) == cut_off + LETTERS
    assert len(set(inbox.ids())) == LETTERS
