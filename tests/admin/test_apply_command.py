"""python -m identity_service apply."""

import json
from pathlib import Path

import pytest

from tests.admin.declaring import NOTES_SECRET, recorded
from tests.identity.command_line import environment_of, run
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity

FILE = str(Path(__file__).parents[2] / "examples" / "realm.yml")
ROBOT = f"""
clients:
  robot:
    name: Robot
    grants: [client_credentials]
    scopes: [ssf.read]
    audiences: ["{IDENTITY_URL}"]
"""


@pytest.fixture
def environment(identity: Identity, databases: Databases) -> dict[str, str]:
    return environment_of(databases) | {"NOTES_CLIENT_SECRET": NOTES_SECRET}


async def test_file_is_rehearsed_applied_and_applied_again(environment: dict[str, str], databases: Databases) -> None:
    before = await recorded(databases)
    rehearsed = await run(environment, "apply", FILE, "--dry-run")
    assert (rehearsed.status, rehearsed.error, await recorded(databases)) == (0, "", before)
    lines = rehearsed.output.splitlines()
    assert lines[:2] == ["service https://notes.example: new", "  name: Notes"]
    assert "  scopes: +notes:read (Read your notes), +notes:write (Write, change and delete your notes)" in lines
    assert lines[-1] == "This differs. Nothing is changed."
    applied = await run(environment, "apply", FILE)
    assert (applied.status, applied.error) == (0, "")
    assert applied.output.splitlines() == [*lines[:-1], "This is so from now on."]
    again = await run(environment, "apply", FILE)
    assert (again.status, again.output, again.error) == (0, "Nothing differs.\n", "")
    assert NOTES_SECRET not in rehearsed.output + applied.output


async def test_answer_is_one_document_with_the_secret_that_was_made(environment: dict[str, str]) -> None:
    outcome = await run(environment, "apply", "-", "--json", "--wait", "0", stdin=ROBOT)
    assert (outcome.status, outcome.error) == (0, "")
    document = json.loads(outcome.output)
    (difference,) = document["differences"]
    members = {member["member"]: member["after"] for member in difference["members"]}
    assert (difference["kind"], difference["name"], difference["new"]) == ("client", "robot", True)
    assert (members["scopes"], members["secrets"]) == (["ssf.read"], 1)
    assert (document["applied"], document["obeyed"], document["outstanding"]) == (True, [], [])
    assert len(document["secrets"]["robot"]) > 40
    again = json.loads((await run(environment, "apply", "-", "--json", stdin=ROBOT)).output)
    assert (again["differences"], again["secrets"]) == ([], {})


async def test_faults_are_told_line_by_line_and_nothing_is_changed(
    environment: dict[str, str], databases: Databases
) -> None:
    before = await recorded(databases)
    outcome = await run(environment, "apply", "-", stdin=ROBOT.replace("ssf.read", "ssf.wrong").replace("name", "nam"))
    assert (outcome.status, outcome.output, await recorded(databases)) == (1, "", before)
    assert outcome.error.splitlines() == [
        "-: line 4, clients.robot.nam: there is no such member here; there are name, public, first_party,"
        " application_type, grants, scopes, audiences, default_audience, redirect_uris, post_logout_redirect_uris,"
        " backchannel_logout_uri, secret_variable",
        "- is not applied, and nothing is changed",
    ]


async def test_file_that_cannot_be_read_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    outcome = await run(environment, "apply", str(tmp_path / "nothing.yml"))
    assert (outcome.status, outcome.output) == (1, "")
    assert outcome.error == f"{tmp_path}/nothing.yml cannot be read: No such file or directory\n"
    assert (await run(environment, "apply")).status == 2


async def test_last_administrator_stays(environment: dict[str, str]) -> None:
    password = "purple monkey dishwasher"
    created = ["users", "create", "grace", "--email", "grace@example.com", "--role", "admin", "--password-stdin"]
    assert (await run(environment, *created, stdin=password)).status == 0
    outcome = await run(environment, "apply", "-", "--dry-run", stdin="roles: {admin: {permissions: []}}")
    assert (outcome.status, outcome.output) == (1, "")
    assert outcome.error.startswith("Nobody else is an administrator. Make another one first")
