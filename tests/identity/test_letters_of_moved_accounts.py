"""A letter goes to the address that the account had when it was caused, whoever has the account when it is sent."""

from pathlib import Path

import pytest

from identity_service.letters import LETTER, LetterKind
from identity_service.letters.enqueueing import seal
from tests.identity.address_changes import FRESH, OLD, Owner
from tests.identity.letter_jobs import account, letter
from tests.identity.mailbox import all_sent, letters
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

OTHER = "staple battery horse"
SUBJECTS = ("You already have an account", "Choose another password", "Your password was changed")


async def test_letters_that_wait_while_the_address_changes_go_to_the_former_one(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    eve = Owner(mailing, tmp_path, await mailing.signed_in("eve"))
    mailing.parts.job_worker.stop()
    assert (await eve.ask(OLD)).status_code == 202
    assert (await mailing.http.post("/password-resets", json={"email": OLD})).status_code == 202
    assert (await thief.change_password(PASSWORD, OTHER)).status_code == 204
    await databases.execute("identity_app", "UPDATE identity.users SET email = $1 WHERE username = 'ada'", FRESH)
    async with services.identity(databases, mail_folder=tmp_path):
        await all_sent(databases)
    assert letters(tmp_path, FRESH) == []
    assert {subject: len(letters(tmp_path, OLD, subject)) for subject in SUBJECTS} == dict.fromkeys(SUBJECTS, 1)


async def test_letter_that_the_previous_release_wrote_without_an_address_is_sent(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    without = letter(mailing, await account(mailing), LetterKind.PASSWORD_CHANGED, to=None)
    async with mailing.parts.database.begin() as db:
        await mailing.parts.jobs.enqueue(db, LETTER, seal(without, mailing.parts.sealer))
    await all_sent(databases)
    assert [sent["subject"] for sent in letters(tmp_path, OLD)] == ["Your password was changed"]


async def test_a_letter_to_a_user_without_an_address_is_a_bug(mailing: Identity) -> None:
    ada = await mailing.register("ada")
    without = letter(mailing, ada, LetterKind.PASSWORD_CHANGED, to=None)
    async with mailing.parts.database.begin() as db:
        with pytest.raises(ValueError, match="address"):
            await mailing.parts.letters.enqueue(db, without)
