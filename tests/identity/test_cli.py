"""python -m identity_service: what an administrator does at the command line, each time as a process of its own."""

import asyncio
import os
import sys
from dataclasses import dataclass

import pytest

from deploy.local.postgres import prepare_database
from deploy.local.processes import any_free_port
from tests.identity.answers import claims_of
from tests.support import services
from tests.support.databases import DATABASE, Databases
from tests.support.services import IDENTITY_URL, KEY_ENCRYPTION_KEY, PASSWORD, POSTS_SECRET, POSTS_URL

PATIENCE_SECONDS = 60
MINE = {name: value for name, value in os.environ.items() if not name.startswith("IDENTITY_")}


@dataclass(frozen=True)
class Ended:
    status: int
    output: str
    complaint: str


async def run(environment: dict[str, str], *arguments: str, entered: str = "") -> Ended:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "identity_service", *arguments),
        env={**MINE, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, complaint = await asyncio.wait_for(process.communicate(entered.encode()), PATIENCE_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode or 0, output.decode(), complaint.decode())


def environment_of(databases: Databases, database: str = DATABASE) -> dict[str, str]:
    return {
        "IDENTITY_DATABASE_URL": databases.url("identity_app").replace(f"/{DATABASE}", f"/{database}"),
        "IDENTITY_MIGRATION_DATABASE_URL": databases.url("identity_owner").replace(f"/{DATABASE}", f"/{database}"),
        "IDENTITY_ISSUER": IDENTITY_URL,
        "IDENTITY_KEY_ENCRYPTION_KEY": KEY_ENCRYPTION_KEY,
        "IDENTITY_POSTS_AUDIENCE": POSTS_URL,
        "IDENTITY_POSTS_CLIENT_SECRET": POSTS_SECRET,
        "IDENTITY_BCRYPT_ROUNDS": "4",
    }


@pytest.fixture
def environment(emptied: Databases) -> dict[str, str]:
    return environment_of(emptied)


ADMIN = ["create-admin", "--username", "root-of-all", "--email", "root@example.com", "--password-stdin"]


async def test_setup_makes_clients_and_a_key_and_doing_it_again_changes_nothing(
    environment: dict[str, str], databases: Databases
) -> None:
    seen = []
    for _ in range(2):
        ended = await run(environment, "setup")
        assert (ended.status, ended.complaint) == (0, "")
        seen.append(await databases.fetch("identity_app", "SELECT * FROM identity.clients ORDER BY id"))
        seen.append(await databases.fetch("identity_app", "SELECT * FROM identity.signing_keys"))
    assert [row["id"] for row in seen[0]] == ["posts", "web"]
    assert len(seen[1]) == 1
    assert seen[:2] == seen[2:]


async def test_admin_is_made_once(environment: dict[str, str], databases: Databases) -> None:
    first = await run(environment, *ADMIN, entered=f"{PASSWORD}\n")
    assert (first.status, first.output) == (0, "root-of-all is an administrator\n")
    second = await run(environment, *ADMIN, entered="staple battery horse\n")
    assert (second.status, second.output) == (0, "root-of-all exists already; nothing was changed\n")
    rows = await databases.fetch("identity_app", "SELECT role FROM identity.user_roles ORDER BY role")
    assert [row["role"] for row in rows] == ["admin", "user"]
    async with services.identity(databases) as identity:
        assert claims_of((await identity.sign_in("root-of-all"))["access_token"])["roles"] == ["admin", "user"]


async def test_admin_gets_a_password_where_none_is_entered(environment: dict[str, str], databases: Databases) -> None:
    ended = await run(environment, *ADMIN[:-1])
    assert ended.status == 0
    async with services.identity(databases) as identity:
        await identity.sign_in("root-of-all", ended.output.strip().rpartition("password: ")[2])


@pytest.mark.parametrize(
    ("arguments", "entered", "complaint"),
    [
        (ADMIN, "password\n", "This password is too easy to guess."),
        (ADMIN, "", "password: "),
        ([*ADMIN, "--email", "root"], f"{PASSWORD}\n", "email: "),
        (["set-roles", "nobody", "admin"], "", "there is no user nobody"),
        (["withdraw-key", "unknown"], "", "there is no signing key unknown"),
        (["create-client", "Not An Id"], "", "a client id is "),
        (["extend-client", "nobody"], "", "there is no client nobody"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
async def test_what_cannot_be_done_is_said_in_one_line(
    environment: dict[str, str], databases: Databases, arguments: list[str], entered: str, complaint: str
) -> None:
    ended = await run(environment, *arguments, entered=entered)
    assert (ended.status, ended.output) == (1, "")
    assert ended.complaint.startswith(complaint)
    assert ended.complaint.count("\n") == 1
    assert not await databases.fetch("identity_app", "SELECT 1 FROM identity.users")


async def test_roles_are_set_to_exactly_those_named(environment: dict[str, str], databases: Databases) -> None:
    async with services.identity(databases) as identity:
        await identity.register("ada")
        assert (await run(environment, "set-roles", "ADA", "moderator", "user")).status == 0
        assert claims_of((await identity.sign_in("ada"))["access_token"])["roles"] == ["moderator", "user"]
        ended = await run(environment, "set-roles", "ada", "user", "emperor")
        assert (ended.status, ended.complaint) == (1, "there is no role emperor\n")
        assert claims_of((await identity.sign_in("ada"))["access_token"])["roles"] == ["moderator", "user"]
        assert (await run(environment, "set-roles", "ada")).status == 0
        assert claims_of((await identity.sign_in("ada"))["access_token"])["roles"] == []


async def test_keys_are_listed_rotated_and_withdrawn(environment: dict[str, str], databases: Databases) -> None:
    assert (await run(environment, "keys")).output == "no keys\n"
    await run(environment, "setup")
    old = (await run(environment, "keys")).output.split()[0]
    new = (await run(environment, "rotate-keys")).output.split()[0]
    listed = (await run(environment, "keys")).output.splitlines()
    assert [line.split()[0] for line in listed] == [old, new]
    assert ["<- signs now" in line for line in listed] == [True, False]
    withdrawn = await run(environment, "withdraw-key", old)
    assert withdrawn.output.startswith(f"{old} is withdrawn; ")
    assert withdrawn.output.split()[3] not in (old, new)


async def test_client_is_made_extended_and_used(environment: dict[str, str], databases: Databases) -> None:
    audience = ["--audience", IDENTITY_URL]
    made = await run(environment, "create-client", "robot", "--grant", "client_credentials", *audience)
    form = {
        "grant_type": "client_credentials",
        "client_id": "robot",
        "client_secret": made.output.strip().rpartition(": ")[2],
    }
    async with services.identity(databases) as identity:
        assert "scope" not in (await identity.token(**form)).json()
        extended = await run(environment, "extend-client", "robot", "--scope", "introspect", "--audience", POSTS_URL)
        assert (extended.status, extended.output) == (0, "robot may ask for these too\n")
        answer = (await identity.token(**form)).json()
    assert answer["scope"] == "introspect"
    assert claims_of(answer["access_token"])["aud"] == [IDENTITY_URL, POSTS_URL]


async def test_wrong_key_encryption_key_is_said_in_one_line(environment: dict[str, str]) -> None:
    await run(environment, "setup")
    ended = await run({**environment, "IDENTITY_KEY_ENCRYPTION_KEY": "A" * 43 + "="}, "rotate-keys")
    assert ended.status == 1
    assert ended.complaint.startswith("IDENTITY_KEY_ENCRYPTION_KEY does not open the signing key ")
    assert ended.complaint.count("\n") == 1


SETTINGS = ["IDENTITY_DATABASE_URL", "IDENTITY_ISSUER", "IDENTITY_KEY_ENCRYPTION_KEY"]
SETUP = ["IDENTITY_POSTS_AUDIENCE", "IDENTITY_POSTS_CLIENT_SECRET"]


@pytest.mark.parametrize(
    ("command", "needed"),
    [("serve", SETTINGS), ("keys", SETTINGS), ("migrate", ["IDENTITY_MIGRATION_DATABASE_URL"]), ("setup", SETUP)],
)
async def test_every_missing_variable_is_named(environment: dict[str, str], command: str, needed: list[str]) -> None:
    left = {name: value for name, value in environment.items() if name not in needed}
    ended = await run(left, command)
    assert ended.status == 2
    assert sorted(ended.complaint.splitlines()) == [f"{name} is not set" for name in sorted(needed)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IDENTITY_KEY_ENCRYPTION_KEY", "c2hvcnQ="),
        ("IDENTITY_ISSUER", "http://localhost:8001/"),
        ("IDENTITY_BCRYPT_ROUNDS", "many"),
    ],
)
async def test_wrong_variable_is_named_and_a_secret_not_shown(
    environment: dict[str, str], name: str, value: str
) -> None:
    ended = await run({**environment, name: value}, "keys")
    assert ended.status == 2
    assert ended.complaint.startswith(f"{name} is wrong: ")
    assert name != "IDENTITY_KEY_ENCRYPTION_KEY" or value not in ended.complaint


async def test_service_starts_at_the_head_of_its_schema_only(databases: Databases) -> None:
    prepare_database(databases.server, "fresh", databases.passwords)
    environment = {**environment_of(databases, "fresh"), "IDENTITY_PORT": str(any_free_port())}
    refused = await run(environment, "serve")
    assert refused.status != 0
    assert "run: python -m identity_service migrate" in refused.output + refused.complaint
    for _ in range(2):
        migrated = await run(environment, "migrate")
        assert migrated.status == 0, migrated.complaint
    assert (await run(environment, "setup")).status == 0
