"""python -m identity_service keys: list, rotate, withdraw, seal."""

import json
from typing import Any

import pytest

from identity_service.commands.keys import withdraw_keys
from tests.identity.command_line import environment_of, run
from tests.identity.receivers import receiver, receiver_with_stream
from tests.identity.test_prefer_acts import acknowledging
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity

AUDIT = "SELECT actor, action FROM identity.audit_entries WHERE action LIKE 'key%' ORDER BY id"


@pytest.fixture
def environment(clean_databases: Databases) -> dict[str, str]:
    return environment_of(clean_databases)


async def as_json(environment: dict[str, str], *arguments: str) -> Any:
    outcome = await run(environment, *arguments, "--json")
    assert (outcome.status, outcome.error) == (0, "")
    return json.loads(outcome.output)


async def test_keys_are_listed_rotated_and_withdrawn_and_each_act_is_recorded(
    environment: dict[str, str], databases: Databases
) -> None:
    assert (await run(environment, "keys", "list")).output == "There are no signing keys.\n"
    await run(environment, "setup")
    old = (await run(environment, "keys", "list")).output.split()[0]
    new = (await run(environment, "keys", "rotate")).output.split()[0]
    listed = (await run(environment, "keys", "list")).output.splitlines()
    assert [line.split()[:2] for line in listed] == [[new, "published"], [old, "signing"]]
    async with services.identity(databases) as identity:
        await identity.signed_in("ada")
    withdrawn = await run(environment, "keys", "withdraw", "--", old)
    lines = withdrawn.output.splitlines()
    assert lines[0].endswith(f"signed: {old}")
    assert lines[1].split()[0] not in (old, new)
    assert lines[2] == "Sessions that must sign in again: 1."
    listed = (await run(environment, "keys", "list")).output.splitlines()
    assert [line.split()[0] for line in listed if line.endswith("withdrawn, since it leaked")] == [old]
    rows = [tuple(row) for row in await databases.fetch("identity_app", AUDIT)]
    assert ("command line", "key.created") in rows
    assert rows[-1] == ("command line", "key.withdrawn")


async def test_keys_are_printed_as_the_api_answers_them_a_page_at_a_time(environment: dict[str, str]) -> None:
    await run(environment, "setup")
    made = await as_json(environment, "keys", "rotate")
    first = await as_json(environment, "keys", "list", "--limit", "1")
    assert first["items"] == [made]
    second = await as_json(environment, "keys", "list", "--limit", "1", "--cursor", first["next"])
    assert [key["state"] for key in second["items"]] == ["signing"]
    assert second["next"] is None
    listed = (await run(environment, "keys", "list", "--limit", "1")).output.splitlines()
    assert listed[1:] == [f"There are more: add --cursor {first['next']}"]
    withdrawn = json.loads((await run(environment, "keys", "withdraw", "--json", "--", made["kid"])).output)
    assert withdrawn == {
        "withdrawn": [made["kid"]],
        "signing_kid": second["items"][0]["kid"],
        "sessions": 0,
        "obeyed": None,
        "outstanding": None,
    }
    assert (await as_json(environment, "keys", "seal"))["kinds"][0]["kind"] == "digest key"


async def test_every_key_is_withdrawn_at_once(environment: dict[str, str]) -> None:
    assert (await run(environment, "keys", "withdraw", "--all")).status == 1
    await run(environment, "setup")
    made = await as_json(environment, "keys", "rotate")
    withdrawn = await as_json(environment, "keys", "withdraw", "--all")
    keys = {key["kid"]: key["state"] for key in (await as_json(environment, "keys", "list"))["items"]}
    assert made["kid"] in withdrawn["withdrawn"]
    assert {keys.pop(kid) for kid in withdrawn["withdrawn"]} == {"compromised"}
    assert keys == {withdrawn["signing_kid"]: "signing"}


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (["withdraw"], 2, "name the id of one key, or --all\n"),
        (["withdraw", "--all", "one"], 2, "name the id of one key, or --all\n"),
        (["withdraw", "unknown"], 1, "there is no signing key unknown; keys list lists the keys\n"),
        (["list", "--cursor", "unknown"], 1, "This cursor was not made by this service"),
    ],
)
async def test_refused_command_about_keys_prints_one_line(
    environment: dict[str, str], arguments: list[str], status: int, error: str
) -> None:
    outcome = await run(environment, "keys", *arguments)
    assert (outcome.status, outcome.output, outcome.error.count("\n")) == (status, "", 1)
    assert outcome.error.startswith(error)


async def test_withdrawal_that_waits_says_who_obeys_and_who_is_outstanding(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await identity.signed_in("ada")
    old, new = (await identity.parts.signing_keys.load())[0], await identity.parts.signing_keys.rotate(lambda *_: None)
    answer = await withdraw_keys(identity.parts, old.kid, wait=0)
    assert answer.text.endswith("\nObeyed by: none. Outstanding: posts.")
    assert answer.document["outstanding"] == ["posts"]
    # Its token was signed with the key that is withdrawn.
    posts.headers = (await receiver(identity)).headers
    async with acknowledging(posts):
        answer = await withdraw_keys(identity.parts, new.kid, wait=10)
    assert "\nObeyed by: posts after " in answer.text
    assert answer.text.endswith(" ms. Outstanding: none.")
    assert [one.service for one in answer.document["obeyed"]] == ["posts"]
