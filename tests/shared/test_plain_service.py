"""A service of somebody else's, served by uvicorn and with no logging of its own: what it answers and what it logs."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.shared.key_server import KeyServer
from tests.support.waiting import until
from watchword.testing import Issuer

SERVICE = """
from contextlib import asynccontextmanager
from fastapi import Depends, FastAPI
from watchword.auth import Verifier, protect, requires

service = FastAPI(title="Notes", openapi_url=None)
service.get("/notes", dependencies=[Depends(requires("notes:read"))])(lambda: "notes")
protect(service, Verifier.of({issuer!r}, {audience!r}, jwks_url={jwks_url!r}))

forgetful, mindful = FastAPI(), FastAPI(lifespan=lambda _: service.router.lifespan_context(service))
for outer in (forgetful, mindful):
    outer.mount("/service", service)
"""


@dataclass
class Served:
    http: httpx.AsyncClient
    output: Path

    def lines(self, word: str) -> list[str]:
        """What the process has written about this."""
        return [line for line in self.output.read_text().splitlines() if word in line]


@asynccontextmanager
async def served(
    folder: Path, key_server: KeyServer, *arguments: str, issuer: str = "", audience: str = ""
) -> AsyncIterator[Served]:
    values = {"issuer": issuer or key_server.issuer.url, "audience": audience or key_server.issuer.audience}
    (folder / "notes.py").write_text(SERVICE.format(**values, jwks_url=key_server.url))
    output = folder / "output"
    command = [sys.executable, "-m", "uvicorn", "--port", "0", *arguments]
    address = re.compile(r"running on (http://[0-9.:]+)")
    with process_of(command, output):
        await until(lambda: address.search(output.read_text()) is not None, output.read_text)
        match = address.search(output.read_text())
        assert match is not None
        async with httpx.AsyncClient(base_url=match[1], trust_env=False) as http:
            yield Served(http, output)


@contextmanager
def process_of(command: list[str], output: Path) -> Iterator[None]:
    """A process in the folder of its output, which is ended after the block."""
    with (
        output.open("w") as file,
        subprocess.Popen(command, cwd=output.parent, stdout=file, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


async def test_service_without_its_lifespan_answers_503_and_says_why_once(
    tmp_path: Path, key_server: KeyServer, issuer: Issuer
) -> None:
    async with served(tmp_path, key_server, "notes:service", "--lifespan", "off") as notes:
        for headers in (issuer.bearer(scope="notes:read"), {}, issuer.bearer(scope="notes:read")):
            assert (await notes.http.get("/notes", headers=headers)).status_code == 503
        [line] = notes.lines("not running")
        assert "--lifespan off" in line


async def test_mounted_service_answers_503_unless_the_outer_app_starts_it(
    tmp_path: Path, key_server: KeyServer, issuer: Issuer
) -> None:
    headers = issuer.bearer(scope="notes:read")
    async with served(tmp_path, key_server, "notes:forgetful") as notes:
        assert (await notes.http.get("/service/notes", headers=headers)).status_code == 503
        assert len(notes.lines("lifespan_context")) == 1
    async with served(tmp_path, key_server, "notes:mindful") as notes:
        assert (await notes.http.get("/service/notes", headers=headers)).status_code == 200
        assert notes.lines("lifespan_context") == []


async def test_a_wrong_audience_is_said_once(tmp_path: Path, key_server: KeyServer, issuer: Issuer) -> None:
    async with served(tmp_path, key_server, "notes:service", audience="http://localhost:8003") as notes:
        for _ in range(20):
            answer = await notes.http.get("/notes", headers=issuer.bearer(scope="notes:read"))
            assert answer.status_code == 401
        [line] = notes.lines("(aud)")
        assert repr(issuer.audience) in line
        assert "'http://localhost:8003'" in line


async def test_a_wrong_issuer_is_said_once(tmp_path: Path, key_server: KeyServer, issuer: Issuer) -> None:
    async with served(tmp_path, key_server, "notes:service", issuer="http://127.0.0.1:8001") as notes:
        for _ in range(20):
            answer = await notes.http.get("/notes", headers=issuer.bearer(scope="notes:read"))
            assert answer.status_code == 401
        [line] = notes.lines("(iss)")
        assert repr(issuer.url) in line
        assert "'http://127.0.0.1:8001'" in line


async def test_keys_that_cannot_be_fetched_are_said_with_their_address(
    tmp_path: Path, key_server: KeyServer, issuer: Issuer
) -> None:
    key_server.err(status="404 Not Found")
    async with served(tmp_path, key_server, "notes:service") as notes:
        answer = await notes.http.get("/notes", headers=issuer.bearer(scope="notes:read"))
        assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
        [line] = notes.lines("fetching the JWKS failed")
        assert key_server.url in line
        assert "404" in line
