"""What the owner of an account disavows takes the factors with it that somebody else has added."""

import asyncio
import base64
from pathlib import Path
from typing import Any

from tests.identity.address_changes import OLD, Owner
from tests.identity.answers import statuses
from tests.identity.mailbox import token_in_letter
from tests.identity.passkeys import add_passkey
from tests.identity.second_factors import App, add_app, add_recovery_codes
from tests.identity.test_new_device_letter import VERIFY
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.testing import StandingClock

FACTORS = "SELECT created_at FROM identity.totp_factors"
PASSKEYS = "SELECT created_at FROM identity.passkeys"
CODES = "SELECT created_at FROM identity.recovery_codes"
FLAG = "SELECT has_second_factor FROM identity.users WHERE username = 'ada'"
ACTIONS = "SELECT action, detail->>'why' AS why FROM identity.audit_entries ORDER BY id"
NOTICE = "/security-notice"


async def add_over_http(identity: Identity, headers: dict[str, str]) -> App:
    """Add an app as whoever has this session."""
    began = await identity.http.post("/users/me/totp", headers=headers)
    app = App(base64.b32decode(began.json()["secret"]))
    body = {"code": app.code(identity.parts.clock.now())}
    answer = await identity.http.post("/users/me/totp/confirmation", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return app


async def rows(databases: Databases, sql: str) -> list[Any]:
    return [row[0] for row in await databases.fetch("identity_app", sql)]


async def disavow(identity: Identity, token: str) -> None:
    assert (await identity.http.post(f"/security-notices/{token}")).status_code == 204


async def test_factor_of_a_thief_goes_with_the_notice_of_it(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    await add_over_http(mailing, thief.headers)
    await disavow(mailing, await token_in_letter(tmp_path, OLD, NOTICE))
    assert await rows(databases, FACTORS) == []
    assert await rows(databases, CODES) == []
    assert await rows(databases, FLAG) == [False]
    removed = [row["action"] for row in await databases.fetch("identity_app", ACTIONS)]
    assert {"factor.removed", "recovery_codes.removed"} <= set(removed)
    # The owner gets in again by the letter alone.
    reset = await token_in_letter(tmp_path, OLD, "/reset-password")
    assert (await thief.reset(reset, "paper clouds over Turin")).status_code == 204
    await mailing.sign_in("ada", "paper clouds over Turin")


async def test_earlier_notice_takes_later_factors_and_leaves_those_of_before(
    mailing: Identity, databases: Databases, tmp_path: Path, clock: StandingClock
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    user_id = (await mailing.http.get("/users/me", headers=thief.headers)).json()["id"]
    await add_app(mailing, user_id)
    await add_recovery_codes(mailing, user_id)
    own = await rows(databases, FACTORS)
    clock.advance(seconds=60)
    answer = await mailing.http.post("/users/me/recovery-codes", headers=thief.headers)
    assert answer.status_code == 200
    await disavow(mailing, await token_in_letter(tmp_path, OLD, NOTICE))
    assert await rows(databases, FACTORS) == own
    assert await rows(databases, CODES) == []
    assert await rows(databases, FLAG) == [True]


async def test_latest_of_several_notices_takes_what_the_earlier_ones_tell_of(
    mailing: Identity, databases: Databases, tmp_path: Path, clock: StandingClock
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    await add_passkey(mailing, thief.headers)
    await token_in_letter(tmp_path, OLD, NOTICE)
    clock.advance(seconds=60)
    await add_over_http(mailing, thief.headers)
    await disavow(mailing, await token_in_letter(tmp_path, OLD, NOTICE, 2))
    assert (await rows(databases, PASSKEYS), await rows(databases, FACTORS)) == ([], [])
    assert (await rows(databases, CODES), await rows(databases, FLAG)) == ([], [False])


async def test_restored_address_takes_the_factors_of_before_whose_notices_its_change_ended(
    mailing: Identity, databases: Databases, tmp_path: Path, clock: StandingClock
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    await databases.execute("identity_owner", VERIFY)
    await add_over_http(mailing, thief.headers)
    clock.advance(seconds=60)
    undo = await thief.move()
    assert (await thief.undo(undo)).status_code == 204
    assert await rows(databases, FACTORS) == []
    assert await rows(databases, FLAG) == [False]


async def test_restored_address_leaves_older_factors(
    mailing: Identity, databases: Databases, tmp_path: Path, clock: StandingClock
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    user_id = (await mailing.http.get("/users/me", headers=thief.headers)).json()["id"]
    await databases.execute("identity_owner", VERIFY)
    await add_app(mailing, user_id)
    clock.advance(seconds=8 * 24 * 3600)
    change = "UPDATE identity.users SET has_second_factor = $1"
    await databases.execute("identity_app", change, False)
    await thief.sign_in()
    await databases.execute("identity_app", change, True)
    undo = await thief.move()
    assert (await thief.undo(undo)).status_code == 204
    assert len(await rows(databases, FACTORS)) == 1
    assert await rows(databases, FLAG) == [True]


async def test_no_factor_is_left_if_it_is_added_while_its_session_is_disavowed(
    mailing: Identity, databases: Databases, tmp_path: Path
) -> None:
    thief = await Owner.of(mailing, tmp_path)
    assert (await thief.change_password("correct horse battery", "staple battery horse")).status_code == 204
    notice = await token_in_letter(tmp_path, OLD, NOTICE)
    other = bearer((await mailing.sign_in("ada", "staple battery horse", resource=IDENTITY_URL))["access_token"])
    began = await mailing.http.post("/users/me/totp", headers=other)
    app = App(base64.b32decode(began.json()["secret"]))
    body = {"code": app.code(mailing.parts.clock.now())}
    added, disavowed = await asyncio.gather(
        mailing.http.post("/users/me/totp/confirmation", json=body, headers=other),
        mailing.http.post(f"/security-notices/{notice}"),
    )
    assert disavowed.status_code == 204
    assert statuses([added]).keys() <= {200, 401}
    assert await rows(databases, FACTORS) == []
    assert await rows(databases, FLAG) == [False]
