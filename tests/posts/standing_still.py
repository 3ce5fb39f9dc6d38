"""A process of posts that a test kills: it stands still in the middle of what it does.

python -m tests.posts.standing_still publish DATABASE_URL AUTHOR_ID
python -m tests.posts.standing_still work DATABASE_URL
"""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import httpx

from tests.posts.people import Person
from tests.support import services
from tests.support.databases import Databases
from watchword.service import readiness
from watchword.testing import Issuer

KEY: Final = "8e03978e-40d5-43e8-bc93-6894a57f9324"
DRAFT: Final = {"title": "On engines", "body": "A body", "tags": ["ant"]}
ANSWERING: Final = b"answering\n"


async def send(http: httpx.AsyncClient, author: Person) -> httpx.Response:
    """Publish the post with its key."""
    return await http.post("/posts", json=DRAFT, headers={**author.headers, "Idempotency-Key": KEY})


async def publish(databases: Databases, author_id: str) -> None:
    """Publish the post, and stand still when the service begins to answer."""
    author = Person(Issuer(audience=services.POSTS_URL), "ada", id=author_id)
    # The issuer is not there, and nobody waits for it.
    vars(readiness)["START_SECONDS"] = 0.0
    async with services.posts(databases, author.issuer.verifier()) as service:

        async def app(scope: Any, receive: Any, _: Any) -> None:
            await service.app(scope, receive, stand_still)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=services.POSTS_URL) as http:
            await send(http, author)


async def stand_still(_: Any) -> None:
    sys.stdout.buffer.write(ANSWERING)
    sys.stdout.flush()
    await asyncio.Event().wait()


async def work(databases: Databases) -> None:
    """Do the jobs that are due."""
    await services.posts_parts(databases, Issuer(audience=services.POSTS_URL).verifier()).job_worker.run()


@asynccontextmanager
async def acting(act: str, databases: Databases, *arguments: str) -> AsyncIterator[Process]:
    """A process that acts so, which has been killed at the end of the block."""
    command = sys.executable, "-m", "tests.posts.standing_still", act, databases.url("posts_app"), *arguments
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=root)
    try:
        yield process
    finally:
        await kill(process)


async def kill(process: Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
        await process.wait()


if __name__ == "__main__":
    _, named, url, *rest = sys.argv
    reached = cast("Databases", SimpleNamespace(url=lambda _: url))
    asyncio.run(publish(reached, *rest) if named == "publish" else work(reached))
