"""What a change of factors does: what ends, what is lowered, and who is told."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from identity_service.errors import SessionEnded, SignOnRequired
from identity_service.factor_acts.values import Owner
from identity_service.sign_ons.models import SignOn
from tests.identity.answers import claims_of
from tests.identity.browsing import browsing
from tests.identity.mailbox import letters
from tests.identity.receivers import Receiver, receiver_with_stream, user
from tests.identity.second_factors import add_app_as, add_passkey_as, remove_passkey
from tests.identity.sessions_of_sign_ons import REQUEST, offer_openid, sign_on_row, start, start_in
from tests.identity.signing_in import ensure_ended, ensure_live
from tests.identity.signing_on import register_and_sign_on
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from tests.support.waiting import until
from watchword.testing import StandingClock

AUDIT = "SELECT action, detail->>'credential' AS credential FROM identity.audit_entries ORDER BY id"
FLAG = "SELECT has_second_factor FROM identity.users WHERE username = 'ada'"
CODES = "SELECT FROM identity.recovery_codes"
WEB = {"client_id": "web"}


@dataclass
class Ada:
    """A person at two browsers, with an application in the first, and a program that has their password."""

    identity: Identity
    databases: Databases
    posts: Receiver
    secret: str
    owner: Owner
    here: dict[str, Any]
    program: dict[str, Any]

    async def sign_on(self) -> SignOn:
        return await sign_on_row(self.identity, self.secret)

    async def level_of_session(self) -> str:
        """The level of the application's next token."""
        answer = await self.identity.refresh(self.here["refresh_token"], **WEB)
        assert answer.status_code == 200, answer.text
        self.here = answer.json()
        return str(claims_of(self.here["access_token"])["acr"])

    async def audit(self) -> list[tuple[str, str | None]]:
        return [(row["action"], row["credential"]) for row in await self.databases.fetch("identity_app", AUDIT)]

    async def has_second_factor(self) -> bool:
        return bool((await self.databases.fetch("identity_app", FLAG))[0]["has_second_factor"])


@pytest.fixture
async def ada(mailing: Identity, databases: Databases) -> Ada:
    await offer_openid(databases)
    secret = await register_and_sign_on(mailing)
    row = await sign_on_row(mailing, secret)
    here = await start_in(mailing, secret)
    program = await mailing.sign_in("ada", resource=IDENTITY_URL)
    posts = await receiver_with_stream(mailing)
    owner = Owner(row.user_id, sign_on_id=row.id)
    return Ada(mailing, databases, posts, secret, owner, here, program)


async def test_first_factor_ends_all_other_sign_ons_and_sessions(ada: Ada) -> None:
    async with browsing(ada.identity) as elsewhere:
        await elsewhere.sign_on()
        await add_passkey_as(ada.identity, ada.owner)
        assert not await elsewhere.is_signed_on()
    await ensure_ended(ada.identity, ada.program)
    await ensure_live(ada.identity, ada.here, **WEB)
    assert await ada.has_second_factor()


async def test_present_sign_on_counts_for_the_factor_and_its_session_does_not(ada: Ada) -> None:
    await add_passkey_as(ada.identity, ada.owner)
    sign_on = await ada.sign_on()
    assert (sign_on.acr, sign_on.amr) == ("phr", ["pwd", "pop", "mfa"])
    assert await ada.level_of_session() == "pwd"


async def test_further_factor_ends_nothing(ada: Ada) -> None:
    await add_passkey_as(ada.identity, ada.owner)
    other = await start_in(ada.identity, ada.secret)
    alone = Owner(ada.owner.user_id, session_id=UUID(claims_of(other["access_token"])["sid"]))
    codes = await ada.databases.fetch("identity_app", "SELECT digest FROM identity.recovery_codes ORDER BY 1")
    await add_passkey_as(ada.identity, alone, "Another key", internal=False)
    await ensure_live(ada.identity, ada.here, **WEB)
    await ensure_live(ada.identity, other, **WEB)
    assert codes == await ada.databases.fetch("identity_app", "SELECT digest FROM identity.recovery_codes ORDER BY 1")


async def test_owner_in_a_session_keeps_its_sign_on_and_raises_it(ada: Ada) -> None:
    session = UUID(claims_of(ada.here["access_token"])["sid"])
    await add_passkey_as(ada.identity, Owner(ada.owner.user_id, session_id=session))
    assert (await ada.sign_on()).acr == "phr"
    await ensure_live(ada.identity, ada.here, **WEB)
    await ensure_ended(ada.identity, ada.program)


async def test_each_change_is_recorded_and_sent(ada: Ada) -> None:
    await ada.posts.acknowledge()
    passkey_id = await add_passkey_as(ada.identity, ada.owner, internal=False)
    sent = await ada.posts.events()
    kinds = [(kind, claims.get("credential_type"), claims.get("change_type")) for kind, _, claims in sent]
    assert kinds[:2] == [
        ("credential-change", "fido2-roaming", "create"),
        ("credential-change", "recovery-codes", "create"),
    ]
    assert ("session-revoked", None, None) in kinds
    assert [subject for _, subject, _ in sent[:2]] == [user(str(ada.owner.user_id))] * 2
    await ada.posts.acknowledge()
    await remove_passkey(ada.identity, ada.owner, passkey_id)
    sent = await ada.posts.events()
    kinds = [(kind, claims.get("credential_type"), claims.get("change_type")) for kind, _, claims in sent]
    assert kinds[:2] == [
        ("credential-change", "fido2-roaming", "delete"),
        ("credential-change", "recovery-codes", "delete"),
    ]
    changes = [row for row in await ada.audit() if row[1] is not None]
    assert changes == [
        ("factor.added", "fido2-roaming"),
        ("recovery_codes.made", "recovery-codes"),
        ("factor.removed", "fido2-roaming"),
        ("recovery_codes.removed", "recovery-codes"),
    ]


async def test_last_removal_lowers_the_sign_on_and_its_sessions_and_says_so(ada: Ada) -> None:
    passkey_id = await add_passkey_as(ada.identity, ada.owner)
    strong = await start_in(ada.identity, ada.secret)
    assert claims_of(strong["access_token"])["acr"] == "phr"
    await ada.posts.acknowledge()
    await remove_passkey(ada.identity, ada.owner, passkey_id)
    sign_on = await ada.sign_on()
    assert (sign_on.acr, sign_on.amr) == ("pwd", ["pwd"])
    refreshed = (await ada.identity.refresh(strong["refresh_token"], **WEB)).json()
    claims = claims_of(refreshed["access_token"])
    assert (claims["acr"], claims["amr"], claims["ver"]) == ("pwd", ["pwd"], 2)
    (lowered,) = [claims for kind, _, claims in await ada.posts.events() if kind == "assurance-level-change"]
    assert (lowered["current_level"], lowered["change_direction"], lowered["ver"]) == ("pwd", "decrease", 2)
    assert not await ada.has_second_factor()
    assert await ada.databases.fetch("identity_app", CODES) == []


async def test_removal_that_leaves_a_factor_of_the_same_level_lowers_nothing(ada: Ada) -> None:
    first, _ = await add_passkey_as(ada.identity, ada.owner), await add_passkey_as(ada.identity, ada.owner, "Another")
    await ada.posts.acknowledge()
    await remove_passkey(ada.identity, ada.owner, first)
    assert (await ada.sign_on()).acr == "phr"
    assert await ada.posts.kinds() == ["credential-change"]
    assert await ada.has_second_factor()
    assert len(await ada.databases.fetch("identity_app", CODES)) == 10


async def test_removal_lowers_tokens_that_say_more_than_their_session(ada: Ada) -> None:
    await add_app_as(ada.identity, ada.owner)
    passkey_id = await add_passkey_as(ada.identity, ada.owner)
    before = claims_of((await start_in(ada.identity, ada.secret))["access_token"])
    # As after another sign-in, with a code, by which the session goes on.
    for statement in ("UPDATE identity.sign_ons SET acr = 'mfa'", "UPDATE identity.sessions SET acr = 'mfa'"):
        await ada.databases.execute("identity_app", statement)
    await ada.posts.acknowledge()
    await remove_passkey(ada.identity, ada.owner, passkey_id)
    (lowered,) = [claims for kind, _, claims in await ada.posts.events() if kind == "assurance-level-change"]
    assert lowered["current_level"] == "mfa"
    assert (before["acr"], before["ver"] < lowered["ver"]) == ("phr", True)


async def test_removal_ends_all_others(ada: Ada) -> None:
    first, _ = await add_passkey_as(ada.identity, ada.owner), await add_passkey_as(ada.identity, ada.owner, "Another")
    alone = (await start(ada.identity, ada.owner.user_id, REQUEST))["access_token"]
    await remove_passkey(ada.identity, Owner(ada.owner.user_id, session_id=UUID(claims_of(alone)["sid"])), first)
    await ensure_ended(ada.identity, ada.here, **WEB)
    assert (await ada.identity.http.get("/users/me", headers=bearer(alone))).status_code == 200


async def test_replacement_of_the_app_ends_all_others(ada: Ada, clock: StandingClock) -> None:
    await add_app_as(ada.identity, ada.owner)
    other = await start(ada.identity, ada.owner.user_id, REQUEST)
    clock.advance(seconds=60)
    await add_app_as(ada.identity, ada.owner)
    await ensure_ended(ada.identity, other, **WEB)
    await ensure_live(ada.identity, ada.here, **WEB)
    assert (await ada.sign_on()).acr == "mfa"


async def test_what_counted_for_a_passkey_counts_for_the_app_that_is_left(ada: Ada) -> None:
    await add_app_as(ada.identity, ada.owner)
    passkey_id = await add_passkey_as(ada.identity, ada.owner)
    assert (await ada.sign_on()).amr == ["pwd", "otp", "pop", "mfa"]
    await ada.posts.acknowledge()
    await remove_passkey(ada.identity, ada.owner, passkey_id)
    sign_on = await ada.sign_on()
    assert (sign_on.acr, sign_on.amr) == ("mfa", ["pwd", "otp", "mfa"])
    changes = [(kind, claims.get("current_level")) for kind, _, claims in await ada.posts.events()]
    assert changes == [("credential-change", None), ("assurance-level-change", "mfa")]
    assert await ada.has_second_factor()


@pytest.mark.parametrize(("has_app", "acr", "amr"), [(True, "mfa", ["pop", "mfa"]), (False, "pwd", ["pop"])])
async def test_sign_on_by_a_passkey_alone_is_lowered_and_keeps_its_only_method(
    ada: Ada, has_app: bool, acr: str, amr: list[str]
) -> None:
    if has_app:
        await add_app_as(ada.identity, ada.owner)
    passkey_id = await add_passkey_as(ada.identity, ada.owner)
    await ada.databases.execute("identity_app", "UPDATE identity.sign_ons SET amr = '{pop,mfa}'")
    await remove_passkey(ada.identity, ada.owner, passkey_id)
    sign_on = await ada.sign_on()
    assert (sign_on.acr, sign_on.amr) == (acr, amr)


async def test_nothing_is_added_or_removed_after_the_end_of_everything(ada: Ada) -> None:
    passkey_id = await add_passkey_as(ada.identity, ada.owner)
    session = Owner(ada.owner.user_id, session_id=UUID(claims_of(ada.here["access_token"])["sid"]))
    end = "UPDATE identity.sign_ons SET ended_at = now(), end_reason = 'a test'"
    await ada.databases.execute("identity_app", end)
    with pytest.raises(SignOnRequired):
        await add_passkey_as(ada.identity, ada.owner, "A thief's")
    with pytest.raises(SessionEnded):
        await add_passkey_as(ada.identity, session, "A thief's")
    with pytest.raises(SignOnRequired):
        await remove_passkey(ada.identity, ada.owner, passkey_id)
    assert len(await ada.databases.fetch("identity_app", "SELECT FROM identity.passkeys")) == 1


async def test_owner_is_told_by_letter_with_the_name_of_the_passkey(ada: Ada, tmp_path: Path) -> None:
    passkey_id = await add_passkey_as(ada.identity, ada.owner, "The key on my ring")
    await until(lambda: bool(letters(tmp_path, "ada@example.com", "was added")))
    await remove_passkey(ada.identity, ada.owner, passkey_id)
    await until(lambda: bool(letters(tmp_path, "ada@example.com", "was removed")))
    for words in ("was added", "was removed"):
        (letter,) = letters(tmp_path, "ada@example.com", words)
        for kind in ("plain", "html"):
            body = letter.get_body((kind,))
            assert body is not None
            text = body.get_content()
            assert "The key on my ring" in text
            assert f"{IDENTITY_URL}/security-notice/" in text
