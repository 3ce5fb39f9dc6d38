"""The commands of python -m identity_service."""

import asyncio
import shlex
import sys

import pytest

from deploy.local.postgres import prepare_database
from deploy.local.processes import any_free_port
from tests.identity.answers import claims_of
from tests.identity.command_line import OWN_ENVIRONMENT, PATIENCE_SECONDS, environment_of, run
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_URL

OTHER_KEY = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="


@pytest.fixture
def environment(clean_databases: Databases) -> dict[str, str]:
    return environment_of(clean_databases)


ADMIN = ["users", "create", "root-of-all", "--email", "root@example.com", "--role", "admin", "--password-stdin"]


async def test_setup_makes_clients_and_a_key_and_doing_it_again_changes_nothing(
    environment: dict[str, str], databases: Databases
) -> None:
    rows = []
    for _ in range(2):
        outcome = await run(environment, "setup")
        assert (outcome.status, outcome.error) == (0, "")
        rows.append(await databases.fetch("identity_app", "SELECT * FROM identity.clients ORDER BY id"))
        rows.append(await databases.fetch("identity_app", "SELECT * FROM identity.signing_keys"))
    assert [row["id"] for row in rows[0]] == [
        "administration",
        "identity-docs",
        "posts",
        "posts-docs",
        "posts-pages",
        "web",
    ]
    assert len(rows[1]) == 1
    assert rows[:2] == rows[2:]


async def test_setup_says_that_pages_need_an_origin_and_registers_the_one_that_is_set(
    environment: dict[str, str], databases: Databases
) -> None:
    lan = {**environment, "IDENTITY_POSTS_AUDIENCE": "http://posts.lan:8002"}
    outcome = await run(lan, "setup")
    assert outcome.output.startswith(
        "The clients web, administration, posts, identity-docs are set up.\nNobody can sign in on the pages"
    )
    assert (outcome.status, "IDENTITY_POSTS_PAGES_ORIGIN" in outcome.output) == (0, True)
    outcome = await run(lan | {"IDENTITY_POSTS_PAGES_ORIGIN": "HTTPS://Blog.example/"}, "setup")
    assert (outcome.status, "posts-pages" in outcome.output) == (0, True)
    (pages,) = await databases.fetch("identity_app", "SELECT * FROM identity.clients WHERE id = 'posts-pages'")
    assert pages["redirect_uris"] == ["https://blog.example/auth/callback"]


async def test_admin_is_made_once(environment: dict[str, str], databases: Databases) -> None:
    first = await run(environment, *ADMIN, stdin=f"{PASSWORD}\n")
    assert (first.status, first.output) == (0, "root-of-all has an account, with the roles: admin, user.\n")
    second = await run(environment, *ADMIN, stdin="staple battery horse\n")
    assert (second.status, second.output, second.error) == (1, "", "This username is taken.\n")
    rows = await databases.fetch("identity_app", "SELECT role FROM identity.user_roles ORDER BY role")
    assert [row["role"] for row in rows] == ["admin", "user"]
    async with services.identity(databases) as identity:
        assert claims_of((await identity.sign_in("root-of-all"))["access_token"])["roles"] == ["admin", "user"]


async def test_admin_gets_a_password_to_be_changed_if_none_is_entered(
    environment: dict[str, str], databases: Databases
) -> None:
    outcome = await run(environment, *ADMIN[:-1])
    assert (outcome.status, f"signs in at {IDENTITY_URL}/sign-in within 7 days" in outcome.output) == (0, True)
    lasting = ["users", "create", "grace", "--email", "grace@example.com", "--no-must-change"]
    changing = ["users", "create", "alan", "--email", "alan@example.com", "--must-change", "--password-stdin"]
    outcomes = [outcome, await run(environment, *lasting), await run(environment, *changing, stdin=f"{PASSWORD}\n")]
    passwords = [*(printed.output.strip().rpartition("only now: ")[2] for printed in outcomes[:2]), PASSWORD]
    async with services.identity(databases) as identity:
        form = {"grant_type": "password"}
        names = ("root-of-all", "grace", "alan")
        answers = [
            await identity.token(**form, username=name, password=password)
            for name, password in zip(names, passwords, strict=True)
        ]
    assert [answer.status_code for answer in answers] == [400, 200, 400]
    assert "/account/password" in answers[0].json()["error_description"]


async def test_user_gets_an_initial_password(environment: dict[str, str], databases: Databases) -> None:
    async with services.identity(databases) as identity:
        await identity.register("ada")
        outcome = await run(environment, "users", "set-password", "ada")
        assert (outcome.status, outcome.error) == (0, "")
        password = outcome.output.strip().rpartition("only now: ")[2]
        answer = await identity.token(grant_type="password", username="ada", password=password)
    assert "/account/password" in answer.json()["error_description"]


async def test_setup_makes_the_administrator_that_the_settings_name(
    environment: dict[str, str], databases: Databases
) -> None:
    grace = {"USERNAME": "grace", "EMAIL": "grace@example.com", "PASSWORD": PASSWORD}
    settings = environment | {f"IDENTITY_ADMIN_{name}": value for name, value in grace.items()}
    outcome = await run(settings, "setup")
    assert outcome.output.splitlines()[-1] == "The account grace was made; it is an administrator."
    assert (await run(settings, "setup")).output.splitlines()[-1] == "An administrator exists already."
    [row] = await databases.fetch("identity_app", "SELECT username, must_change_password FROM identity.users")
    assert tuple(row) == ("grace", True)


@pytest.mark.parametrize(
    ("arguments", "stdin", "error"),
    [
        (ADMIN, "password\n", "This password is too easy to guess."),
        (ADMIN, "", "standard input is empty"),
        ([*ADMIN, "--email", "root"], f"{PASSWORD}\n", "email: "),
        (ADMIN, f"{PASSWORD}\r", "standard input ends with a carriage return"),
        (["users", "set-roles", "nobody", "admin"], "", "there is no user nobody"),
        (["users", "set-password", "nobody"], "", "there is no user nobody"),
        (["roles", "change", "emperor", "--permission", "post:edit_any"], "", "there is no role emperor"),
        (["roles", "change", "moderator", "--permission", "post:burn"], "", "there is no permission post:burn"),
        (["roles", "delete", "emperor"], "", "there is no role emperor"),
        (["roles", "delete", "user"], "", "this service itself gives the role user"),
        (["services", "create", "notes", "--name", "Notes"], "", "notes is no audience"),
        (["keys", "withdraw", "unknown"], "", "there is no signing key unknown"),
        (["clients", "extend", "nobody", "--scope", "account"], "", "there is no client nobody"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
async def test_refused_command_prints_one_line(
    environment: dict[str, str], databases: Databases, arguments: list[str], stdin: str, error: str
) -> None:
    outcome = await run(environment, *arguments, stdin=stdin)
    assert (outcome.status, outcome.output) == (1, "")
    assert outcome.error.startswith(error)
    assert outcome.error.count("\n") == 1
    assert not await databases.fetch("identity_app", "SELECT 1 FROM identity.users")


@pytest.mark.parametrize(
    ("redirection", "error"), [("<&-", "is closed"), ("0>/dev/null", "cannot be read: Bad file descriptor")]
)
async def test_standard_input_that_holds_nothing_is_refused(
    environment: dict[str, str], redirection: str, error: str
) -> None:
    command = f"{shlex.join([sys.executable, '-m', 'identity_service', *ADMIN])} {redirection}"
    process = await asyncio.create_subprocess_shell(
        command, env={**OWN_ENVIRONMENT, **environment}, stderr=asyncio.subprocess.PIPE
    )
    _, message = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert (process.returncode, message.decode()) == (1, f"standard input {error}\n")


async def test_roles_are_set_to_exactly_those_named(environment: dict[str, str], databases: Databases) -> None:
    async with services.identity(databases) as identity:
        await identity.register("ada")
        assert (await run(environment, "users", "set-roles", "ADA", "moderator", "user")).status == 0
        assert claims_of((await identity.sign_in("ada"))["access_token"])["roles"] == ["moderator", "user"]
        outcome = await run(environment, "users", "set-roles", "ada", "user", "emperor")
        assert (outcome.status, outcome.error) == (1, "there is no role emperor; roles list lists the roles\n")
        assert claims_of((await identity.sign_in("ada"))["access_token"])["roles"] == ["moderator", "user"]
        assert (await run(environment, "users", "set-roles", "ada")).status == 0
        assert claims_of((await identity.sign_in("ada"))["access_token"])["roles"] == []


async def test_role_gets_exactly_the_permissions_named_and_is_deleted(
    environment: dict[str, str], databases: Databases, seeded_roles: None
) -> None:
    async with services.identity(databases) as identity:
        await identity.register("ada")
        assert (await run(environment, "users", "set-roles", "ada", "moderator")).status == 0
        outcome = await run(environment, "roles", "change", "moderator", "--permission", "post:edit_any")
        assert "\nPermissions: post:edit_any.\nTokens that say otherwise are refused from now on.\n" in outcome.output
        assert claims_of((await identity.sign_in("ada"))["access_token"])["permissions"] == ["post:edit_any"]
        outcome = await run(environment, "roles", "delete", "moderator")
        assert outcome.output.startswith("The role moderator is deleted, and nobody has it. ")
        assert claims_of((await identity.sign_in("ada"))["access_token"])["roles"] == []


async def test_client_is_made_extended_and_used(environment: dict[str, str], databases: Databases) -> None:
    await run(environment, "setup")
    may = ["--grant", "client_credentials", "--scope", "ssf.read", "--audience", IDENTITY_URL]
    made = await run(environment, "clients", "create", "robot", *may)
    assert made.error == ""
    form = {
        "grant_type": "client_credentials",
        "client_id": "robot",
        "client_secret": made.output.strip().rpartition("only now: ")[2],
    }
    async with services.identity(databases) as identity:
        assert (await identity.token(**form)).json()["scope"] == "ssf.read"
        more = ["--scope", "posts:write", "--audience", POSTS_URL]
        assert (await run(environment, "clients", "extend", "robot", *more)).status == 0
        assert (await identity.token(**form)).json()["scope"] == "ssf.read"
        answer = (await identity.token(**form, resource=POSTS_URL)).json()
    assert answer["scope"] == "posts:write"
    assert claims_of(answer["access_token"])["aud"] == POSTS_URL


async def test_wrong_key_encryption_key_prints_one_line(environment: dict[str, str]) -> None:
    await run(environment, "setup")
    outcome = await run({**environment, "IDENTITY_KEY_ENCRYPTION_KEY": OTHER_KEY}, "keys", "rotate")
    assert outcome.status == 1
    assert outcome.error.startswith("IDENTITY_KEY_ENCRYPTION_KEY does not open the signing key ")
    assert outcome.error.count("\n") == 1


SETTINGS = ["IDENTITY_DATABASE_URL", "IDENTITY_ISSUER", "IDENTITY_KEY_ENCRYPTION_KEY"]
SETUP = ["IDENTITY_POSTS_AUDIENCE", "IDENTITY_POSTS_CLIENT_SECRET"]


@pytest.mark.parametrize(
    ("command", "required"),
    [("serve", SETTINGS), ("keys list", SETTINGS), ("migrate", ["IDENTITY_MIGRATION_DATABASE_URL"]), ("setup", SETUP)],
)
async def test_every_missing_variable_is_named(environment: dict[str, str], command: str, required: list[str]) -> None:
    incomplete = {name: value for name, value in environment.items() if name not in required}
    outcome = await run(incomplete, *command.split())
    assert outcome.status == 2
    assert sorted(outcome.error.splitlines()) == [f"{name} is not set" for name in sorted(required)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IDENTITY_KEY_ENCRYPTION_KEY", "c2hvcnQ="),
        ("IDENTITY_ISSUER", "http://localhost:8001/"),
        ("IDENTITY_BCRYPT_ROUNDS", "many"),
    ],
)
async def test_wrong_variable_is_named_and_a_secret_is_not_shown(
    environment: dict[str, str], name: str, value: str
) -> None:
    outcome = await run({**environment, name: value}, "keys", "list")
    assert outcome.status == 2
    assert outcome.error.startswith(f"{name} is wrong: ")
    assert name != "IDENTITY_KEY_ENCRYPTION_KEY" or value not in outcome.error


async def test_nothing_but_migrate_works_on_an_unmigrated_schema_and_each_command_says_so(databases: Databases) -> None:
    prepare_database(databases.server, "fresh", databases.passwords)
    environment = {**environment_of(databases, "fresh"), "IDENTITY_PORT": str(any_free_port())}
    refused = await run(environment, "serve")
    assert refused.status != 0
    assert "run: python -m identity_service migrate" in refused.output + refused.error
    assert "Traceback" not in refused.output + refused.error
    command = await run(environment, "keys", "list")
    assert (command.status, command.error.count("\n")) == (1, 1)
    assert "run: python -m identity_service migrate" in command.error
    for _ in range(2):
        migrated = await run(environment, "migrate")
        assert migrated.status == 0, migrated.error
    assert (await run(environment, "setup")).status == 0
