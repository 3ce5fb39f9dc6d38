"""What a stranger has added to an account with somebody else's address goes when the owner of the address arrives."""

from pathlib import Path

from tests.identity.address_changes import OLD, Owner
from tests.identity.answers import ensure_problem
from tests.identity.browsing import browsing
from tests.identity.mailbox import all_sent, letters, token_in_letter
from tests.identity.passkey_pages import send_passkey
from tests.identity.passkeys import add_passkey
from tests.identity.receivers import receiver_with_stream
from tests.identity.second_factors import add_app
from tests.identity.signing_in import ensure_ended
from tests.identity.test_factors_disavowed import ACTIONS, CODES, FACTORS, FLAG, PASSKEYS, add_over_http, rows
from tests.identity.test_new_device_letter import VERIFY
from tests.identity.test_registration import register
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

OTHER = "paper clouds over Turin"
WITHDRAWN = "former second factors"


async def reset_as_owner(stranger: Owner) -> None:
    """Set another password as who reads the letters does."""
    await stranger.identity.http.post("/password-resets", json={"email": OLD})
    token = await token_in_letter(stranger.folder, OLD, "/reset-password")
    assert (await stranger.reset(token, OTHER)).status_code == 204


async def test_reset_removes_every_factor_of_an_account_whose_address_was_not_verified(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    stranger = await Owner.of(mailing, tmp_path)
    passkey, _ = await add_passkey(mailing, stranger.headers)
    await add_over_http(mailing, stranger.headers)
    await reset_as_owner(stranger)
    assert [await rows(databases, table) for table in (PASSKEYS, FACTORS, CODES)] == [[], [], []]
    assert await rows(databases, FLAG) == [False]
    # The password alone opens everything again, and the stranger's passkey nothing.
    await mailing.sign_in("ada", OTHER)
    async with browsing(mailing) as browser:
        assert (await send_passkey(browser, passkey)).status_code == 422
        assert not await browser.is_signed_on()


async def test_reset_at_such_an_address_ends_everything_and_tells_of_it(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    stranger = await Owner.of(mailing, tmp_path)
    await add_passkey(mailing, stranger.headers)
    posts = await receiver_with_stream(mailing)
    await posts.acknowledge()
    await reset_as_owner(stranger)
    assert (await mailing.http.get("/users/me", headers=stranger.headers)).status_code == 401
    events = await posts.events()
    changes = [(kind, claims.get("credential_type"), claims.get("change_type")) for kind, _, claims in events]
    assert changes == [
        ("credential-change", "password", "update"),
        ("session-revoked", None, None),
        ("credential-change", "fido2-platform", "delete"),
        ("credential-change", "recovery-codes", "delete"),
    ]
    why = "password reset at an address that nobody had verified"
    recorded = [(row["action"], row["why"]) for row in await databases.fetch("identity_app", ACTIONS)]
    assert recorded[-2:] == [("factor.removed", why), ("recovery_codes.removed", why)]
    await all_sent(databases)
    assert len(letters(tmp_path, OLD, WITHDRAWN)) == 1
    assert letters(tmp_path, OLD, "password was changed") == []


async def test_link_in_that_letter_says_that_it_was_somebody_else(mailing: Identity, tmp_path: Path) -> None:
    stranger = await Owner.of(mailing, tmp_path)
    user_id = (await mailing.http.get("/users/me", headers=stranger.headers)).json()["id"]
    await add_app(mailing, user_id)
    await reset_as_owner(stranger)
    tokens = await mailing.sign_in("ada", OTHER)
    notice = await token_in_letter(tmp_path, OLD, "/security-notice")
    assert (await mailing.http.post(f"/security-notices/{notice}")).status_code == 204
    await ensure_ended(mailing, tokens)


async def test_reset_keeps_the_factors_of_an_account_whose_address_was_verified(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    await add_passkey(mailing, owner.headers)
    await databases.execute("identity_owner", VERIFY)
    await reset_as_owner(owner)
    assert (len(await rows(databases, PASSKEYS)), len(await rows(databases, CODES))) == (1, 10)
    assert await rows(databases, FLAG) == [True]
    await all_sent(databases)
    assert letters(tmp_path, OLD, WITHDRAWN) == []
    assert len(letters(tmp_path, OLD, "password was changed")) == 1


async def test_verification_by_the_password_keeps_the_factors(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    await add_passkey(mailing, owner.headers)
    path = f"/email-verifications/{await token_in_letter(tmp_path, OLD, '/verify-email')}"
    # A stranger's account stays unverified, whatever the owner of the address opens.
    assert (await mailing.http.post(path)).status_code == 422
    assert (await mailing.http.post(path, json={"password": PASSWORD})).status_code == 204
    assert (len(await rows(databases, PASSKEYS)), await rows(databases, FLAG)) == (1, [True])


async def test_second_reset_finds_the_address_verified_and_keeps_what_its_owner_has_added(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    await reset_as_owner(owner)
    await owner.sign_in(OTHER)
    await add_passkey(mailing, owner.headers)
    await mailing.http.post("/password-resets", json={"email": OLD})
    token = await token_in_letter(tmp_path, OLD, "/reset-password", 2)
    assert (await owner.reset(token, "staple battery horse")).status_code == 204
    assert len(await rows(databases, PASSKEYS)) == 1


async def test_stranger_who_moves_an_account_with_a_factor_away_sends_no_link_that_restores_the_address(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    stranger = await Owner.of(mailing, tmp_path)
    user_id = (await mailing.http.get("/users/me", headers=stranger.headers)).json()["id"]
    await add_app(mailing, user_id)
    assert (await stranger.confirm(await stranger.link())).status_code == 204
    await all_sent(databases)
    assert letters(tmp_path, OLD, "was changed") == []
    # Nothing holds the address for the stranger, either.
    assert (await register(mailing, username="countess", email=OLD)).status_code == 201


async def test_verified_address_can_be_restored_although_the_account_has_a_factor(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    owner = await Owner.of(mailing, tmp_path)
    user_id = (await mailing.http.get("/users/me", headers=owner.headers)).json()["id"]
    await databases.execute("identity_owner", VERIFY)
    await add_app(mailing, user_id)
    undo = await owner.move()
    ensure_problem(await register(mailing, username="eve", email=OLD), 409, "email_taken")
    assert (await owner.undo(undo)).status_code == 204
