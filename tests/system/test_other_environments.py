"""Both services in an environment unlike ours: PostgreSQL demands TLS, and secrets are not safe in a URL."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.common import DATABASE_URLS
from identity_service.clients.models import hash_secret
from tests.support.authorities import Authority
from tests.support.databases import DATABASE, migrated
from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import COMMAND_SECONDS, Stack
from tests.support.tls_proxy import TlsProxy, tls_before
from tests.support.waiting import until
from tests.system.conftest import SETTINGS
from tests.system.examples import free_url, new_client, new_database, served

# As `openssl rand -base64 24` may write it, and as a person may.
OPENSSL_SECRET = "++//AbC+/dEf/gHi+jKl/w=="
ODD_SECRET = "100% of +/=: and ünïcödé & more"
HOST = "localhost"

THIRD_SERVICE = """
import os
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import MetaData
from watchword.auth import Principal, Verifier, protect, requires
from watchword.database import Database
from watchword.events import ReceiverTables, receive_security_events

issuer, database = os.environ["NOTES_ISSUER"], Database(os.environ["NOTES_DATABASE_URL"])
tables = ReceiverTables(MetaData())
secret = os.environ["NOTES_CLIENT_SECRET"]
receiver = receive_security_events(issuer, database, tables, client_id="notes", client_secret=secret)


@asynccontextmanager
async def lifespan(_):
    await tables.create(database)
    yield
    await database.close()


app = FastAPI(lifespan=lifespan)
protect(app, Verifier.of(issuer, audience=os.environ["NOTES_AUDIENCE"], revocations=receiver))


@app.get("/notes")
async def read_notes(reader: Annotated[Principal, Depends(requires("posts:write"))]):
    return {"notes_of": reader.subject}
"""


@dataclass(frozen=True)
class Environment:
    """A stack behind TLS; `authority` has signed the certificate of its PostgreSQL."""

    stack: Stack
    proxy: TlsProxy
    authority: Authority

    def url(self, role: str, authority: Authority) -> str:
        password = self.stack.databases.passwords[role]
        server = f"{HOST}:{self.proxy.port}/{DATABASE}"
        return f"postgres://{role}:{password}@{server}?sslmode=verify-full&sslrootcert={authority.certificate}"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    home = tmp_path_factory.mktemp("other")
    authority = Authority(home, "authority")
    with (
        migrated(home / "postgres", durable=True) as databases,
        tls_before(databases.server.port, authority.server_context(HOST)) as proxy,
    ):
        environment = Environment(Stack(home, databases, **SETTINGS), proxy, authority)
        urls = {variable: environment.url(role, authority) for role, variable in DATABASE_URLS.items()}
        secrets = {"IDENTITY_POSTS_CLIENT_SECRET": ODD_SECRET, "POSTS_CLIENT_SECRET": ODD_SECRET}
        environment.stack.environment.update(urls | secrets)
        try:
            for service in ("identity", "posts"):
                environment.stack.command(service, "migrate")
            environment.stack.command("identity", "setup")
            environment.stack.start("identity")
            environment.stack.start("posts")
            yield environment
        finally:
            environment.stack.end()


@pytest.fixture
async def ada(environment: Environment, http: httpx.AsyncClient) -> Person:
    return await Person(http, environment.stack, unique("ada")).register()


async def test_everything_works_over_tls_and_with_a_secret_of_any_text(environment: Environment, ada: Person) -> None:
    assert (await ada.publish()).status_code == 201
    await ada.sign_out()

    async def is_refused() -> bool:
        return (await ada.publish()).status_code == 401

    await until(is_refused, lambda: environment.stack.log("posts")[-2_000:])
    assert environment.proxy.encrypted > 0
    assert environment.proxy.turned_away == 0


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_database_whose_certificate_is_not_trusted_keeps_a_service_from_starting(
    environment: Environment, tmp_path: Path, command: str
) -> None:
    stranger = Authority(tmp_path, "stranger")
    urls = {variable: environment.url(role, stranger) for role, variable in DATABASE_URLS.items()}
    variables = environment.stack.environment | urls
    with free_url() as url:
        outcome = subprocess.run(
            [sys.executable, "-m", "posts_service", command],
            env=variables | {"POSTS_PORT": url.rpartition(":")[2]},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    said = outcome.stdout + outcome.stderr
    assert outcome.returncode != 0
    assert "certificate verify failed" in said
    assert not any(password in said for password in environment.stack.databases.passwords.values())
    if command == "migrate":
        assert len(said.splitlines()) == 1


async def test_a_third_service_with_a_secret_of_openssl_hears_a_logout(
    environment: Environment, ada: Person, tmp_path: Path
) -> None:
    stack = environment.stack
    new_client(stack, "notes")
    await stack.databases.execute(
        "identity_app",
        "UPDATE identity.clients SET secret_hash = $1 WHERE id = 'notes'",
        hash_secret(OPENSSL_SECRET),
    )
    (tmp_path / "notes.py").write_text(THIRD_SERVICE)
    variables = {
        "NOTES_ISSUER": stack.identity,
        "NOTES_AUDIENCE": stack.posts,
        "NOTES_CLIENT_SECRET": OPENSSL_SECRET,
        "NOTES_DATABASE_URL": await new_database(stack, "notes"),
    }
    with free_url() as url, served("notes:app", url, tmp_path, stack, tmp_path / "log", **variables):

        async def status() -> int:
            return (await ada.http.get(f"{url}/notes", headers=ada.headers)).status_code

        async def is_refused() -> bool:
            return await status() == 401

        assert await status() == 200
        await ada.sign_out()
        await until(is_refused, lambda: (tmp_path / "log").read_text()[-2_000:])
