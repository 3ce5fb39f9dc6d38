"""Many registrations of one name or one address at once."""

import asyncio
from collections.abc import Callable

import pytest

from tests.identity.answers import statuses
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

TIMES = 50
Spelling = Callable[[str, int], str]


def same_case(word: str, _: int) -> str:
    return word


def mixed_case(word: str, number: int) -> str:
    return "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate(word))


@pytest.mark.parametrize("spell", [same_case, mixed_case])
@pytest.mark.parametrize("member", ["username", "email"])
async def test_one_of_fifty_registrations_at_once_succeeds(
    identity: Identity, databases: Databases, member: str, spell: Spelling
) -> None:
    def body(number: int) -> dict[str, str]:
        body = {"username": f"user-{number}", "email": f"user-{number}@example.com", "password": PASSWORD}
        word = spell("adalovelace", number)
        return {**body, member: word if member == "username" else f"{word}@example.com"}

    answers = await asyncio.gather(*(identity.http.post("/users", json=body(number)) for number in range(TIMES)))
    assert statuses(answers) == {201: 1, 409: TIMES - 1}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {f"{member}_taken"}
    rows = await databases.fetch("identity_app", "SELECT count(*) AS number FROM identity.users")
    assert rows[0]["number"] == 1


async def test_different_accounts_at_once_are_all_made(identity: Identity, databases: Databases) -> None:
    await asyncio.gather(*(identity.register(f"user-{number}") for number in range(TIMES)))
    rows = await databases.fetch("identity_app", "SELECT count(*) AS number FROM identity.user_roles")
    assert rows[0]["number"] == TIMES
