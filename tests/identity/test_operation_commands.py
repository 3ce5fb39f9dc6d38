"""python -m identity_service streams and audit, deletions of clients, and what every command has in common."""

import asyncio
import json
from uuid import uuid4

import pytest

from identity_service.cli import FORMER_NAMES, main
from identity_service.clients.errors import ClientNeeded, ClientNotFound
from identity_service.errors import NoSuchStream
from identity_service.roles.errors import LastAdministrator
from tests.identity.client_lines import answer, enter, run
from tests.identity.command_line import environment_of
from tests.identity.command_line import run as run_process
from tests.identity.receivers import receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity
from watchword.service.commands import Lines

ROBOT = f"clients create robot --grant client_credentials --scope account --audience {IDENTITY_URL}"
UNKNOWN = str(uuid4())


async def exported(identity: Identity, *options: str) -> list[dict[str, object]]:
    lines = await enter(identity, "audit", "export", *options)
    assert isinstance(lines, Lines)
    return [json.loads(line) for portion in [one async for one in lines.portions] for line in portion.splitlines()]


async def test_stream_is_paused_disabled_and_enabled(identity: Identity) -> None:
    await receiver_with_stream(identity)
    listed = await answer(identity, "streams list")
    (stream,) = listed.document.items
    assert listed.text.startswith(f"{stream.id}  posts  poll  enabled  waiting 0")
    said = await answer(identity, f"streams pause {stream.id} --reason 'Until six'")
    assert (said.document.status, said.document.status_reason) == ("paused", "Until six")
    assert said.text.endswith("\nReason: Until six")
    said = await answer(identity, f"streams disable {stream.id}")
    assert (said.document.status, said.document.status_reason) == ("disabled", None)
    assert (await answer(identity, f"streams enable {stream.id}")).document.status == "enabled"
    assert (await answer(identity, f"streams show {stream.id}")).document.status == "enabled"
    entries = (await answer(identity, "audit list --action stream.status_changed")).document.items
    assert [entry.actor for entry in entries] == ["command line"] * 3
    with pytest.raises(NoSuchStream):
        await run(identity, f"streams pause {UNKNOWN}")


async def test_entries_of_the_log_are_listed_in_pages_and_exported(identity: Identity) -> None:
    await run(identity, "users create ada --email ada@example.com")
    await run(identity, ROBOT)
    listed = await answer(identity, "audit list --limit 1 --actor 'command line'")
    assert [entry.action for entry in listed.document.items] == ["client.created"]
    assert "  command line  client.created  robot  {" in listed.text
    rest = await answer(identity, f"audit list --limit 1 --actor 'command line' --cursor {listed.document.next}")
    assert [entry.action for entry in rest.document.items] == ["user.created"]
    lines = await exported(identity, "--actor", "command line")
    assert [line.get("action") for line in lines] == ["user.created", "client.created", None]
    assert lines[-1] == {"type": "end", "count": 2}
    assert (await exported(identity, "--action", "audit.exported"))[0]["actor"] == "command line"
    assert await run(identity, "audit list --since 2999-01-01T00:00:00Z") == "There is no such entry."


@pytest.mark.parametrize("options", ["--since yesterday", "--until 2026-01-01T00:00:00", "--limit 0", "--limit 101"])
async def test_time_without_a_zone_is_wrong_usage(
    identity: Identity, options: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        await run(identity, f"audit list {options}")
    assert exit_.value.code == 2
    assert "Usage: " in capsys.readouterr().err


async def test_client_is_deleted_and_its_acts_are_recorded(identity: Identity) -> None:
    await run(identity, ROBOT)
    await run(identity, f"clients extend robot --scope introspect --default-audience {IDENTITY_URL}")
    await run(identity, "clients change robot --name Machine")
    await run(identity, "clients add-secret robot")
    await run(identity, "clients add-secret robot --lost")
    await run(identity, "clients end-former-secret robot")
    assert (await answer(identity, "clients delete robot --wait 1")).document == {"obeyed": [], "outstanding": []}
    entries = (await answer(identity, "audit list --subject robot --limit 100")).document.items
    acts = ["created", "changed", "changed", "secret_added", "secret_replaced", "secret_ended", "deleted"]
    of_commands = [entry.action for entry in reversed(entries) if entry.action != "act.answered"]
    assert of_commands == [f"client.{act}" for act in acts]
    assert {entry.actor for entry in entries} == {"command line"}
    with pytest.raises(ClientNotFound, match="there is no client robot"):
        await run(identity, "clients delete robot")
    with pytest.raises(ClientNeeded):
        await run(identity, "clients delete web")


async def test_two_commands_at_once_leave_an_administrator(identity: Identity) -> None:
    for name in ("ada", "grace"):
        await run(identity, f"users create {name} --email {name}@example.com --role admin")
    both = (run(identity, f"users disable {name}") for name in ("ada", "grace"))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, str)] == [LastAdministrator]


async def test_refusal_says_what_to_enter(clean_databases: Databases) -> None:
    outcome = await run_process(environment_of(clean_databases), "users", "disable", "nobody")
    assert (outcome.status, outcome.output) == (1, "")
    assert outcome.error == "there is no user nobody; users list finds accounts\n"


async def test_ten_megabytes_are_no_password(clean_databases: Databases) -> None:
    ada = ["users", "create", "ada", "--email", "ada@example.com", "--password-stdin"]
    outcome = await run_process(environment_of(clean_databases), *ada, stdin="x" * 10_000_000)
    assert (outcome.status, outcome.output) == (1, "")
    assert outcome.error == "standard input is longer than 4096 bytes; a password is one line\n"
    assert await clean_databases.fetch("identity_app", "SELECT FROM identity.users") == []


async def test_commands_print_one_document_each(clean_databases: Databases) -> None:
    environment = environment_of(clean_databases)
    made = json.loads((await run_process(environment, "setup", "--json")).output)
    assert made["clients"][0] == "web"
    assert made["administrator"] is None
    piped = ["users", "create", "ada", "--email", "ada@example.com", "--password-stdin", "--json"]
    ada = json.loads((await run_process(environment, *piped, stdin="frequency hopping piano\r\n")).output)
    assert (ada["username"], ada["password"], ada["must_change_password"]) == ("ada", None, False)
    ended = json.loads((await run_process(environment, "users", "end-sessions", ada["id"], "--json")).output)
    assert ended == {"obeyed": None, "outstanding": None}


@pytest.mark.parametrize("name", sorted(FORMER_NAMES))
def test_former_name_is_refused_with_the_line_to_enter(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([name, "ada", "--anything"])
    assert exit_.value.code == 2
    line = FORMER_NAMES[name]
    assert capsys.readouterr().err == f"{name} has another name: python -m identity_service {line}\n"
    with pytest.raises(SystemExit) as exit_:
        main([*line.split()[:2], "--unknown-option"])
    assert exit_.value.code == 2
    assert f"python -m identity_service {' '.join(line.split()[:2])}" in capsys.readouterr().err
