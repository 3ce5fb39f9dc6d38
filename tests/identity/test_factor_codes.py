"""Codes of an authenticator app (RFC 6238) and recovery codes: each is accepted once."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from identity_service.factors import one_time_codes
from identity_service.factors.codes import AcceptedCode, is_recovery_code
from identity_service.factors.recovery_codes import normal_form
from identity_service.keys.sealing import CannotUnseal
from tests.identity.second_factors import App, add_app, add_recovery_codes
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity
from watchword.testing import StandingClock

TWENTY = range(20)


@pytest.fixture
async def ada(identity_at: Identity) -> str:
    return await identity_at.register("ada")


@pytest.fixture
async def app(identity_at: Identity, ada: str) -> App:
    return await add_app(identity_at, ada)


async def accept(identity: Identity, user_id: str, code: str) -> AcceptedCode | None:
    """Show a code in a transaction of its own."""
    parts = identity.parts
    async with parts.database.begin() as db:
        return await parts.factors.codes.accept(db, UUID(user_id), code, parts.clock.now())


def test_codes_are_those_of_the_standard() -> None:
    # RFC 6238 appendix B: the last six digits.
    secret = b"12345678901234567890"
    assert one_time_codes.code_at(secret, 59 // 30) == "287082"
    assert one_time_codes.code_at(secret, 1111111109 // 30) == "081804"
    assert one_time_codes.code_at(secret, 20000000000 // 30) == "353130"


def test_secrets_have_160_bits_and_differ() -> None:
    secrets = {one_time_codes.make_secret() for _ in TWENTY}
    assert len(secrets) == 20
    assert {len(secret) for secret in secrets} == {20}


async def test_code_works_once(identity_at: Identity, ada: str, app: App, clock: StandingClock) -> None:
    code = app.code(clock.now())
    assert await accept(identity_at, ada, code) is AcceptedCode.APP
    assert await accept(identity_at, ada, code) is None


async def test_one_of_twenty_uses_at_once_works(
    identity_at: Identity, ada: str, app: App, clock: StandingClock
) -> None:
    code = app.code(clock.now())
    answers = await asyncio.gather(*(accept(identity_at, ada, code) for _ in TWENTY))
    assert Counter(answers) == {AcceptedCode.APP: 1, None: 19}


async def test_one_of_the_uses_in_two_processes_works(
    identity_at: Identity, databases: Databases, ada: str, app: App, clock: StandingClock
) -> None:
    code = app.code(clock.now())
    async with services.identity(databases, clock=clock) as other:
        answers = await asyncio.gather(*(accept(one, ada, code) for one in (identity_at, other) * 5))
        assert Counter(answers) == {AcceptedCode.APP: 1, None: 9}
        assert await accept(other, ada, code) is None


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_clocks_may_differ_by_one_step(
    identity_at: Identity, ada: str, app: App, clock: StandingClock, steps: int
) -> None:
    clock.advance(seconds=300)
    assert await accept(identity_at, ada, app.code(clock.now(), steps=steps)) is AcceptedCode.APP


@pytest.mark.parametrize("steps", [-2, 2])
async def test_clocks_may_not_differ_by_two_steps(
    identity_at: Identity, ada: str, app: App, clock: StandingClock, steps: int
) -> None:
    clock.advance(seconds=300)
    assert await accept(identity_at, ada, app.code(clock.now(), steps=steps)) is None


async def test_no_code_is_accepted_after_a_later_one(
    identity_at: Identity, ada: str, app: App, clock: StandingClock
) -> None:
    clock.advance(seconds=300)
    assert await accept(identity_at, ada, app.code(clock.now(), steps=1)) is AcceptedCode.APP
    for steps in (-1, 0, 1):
        assert await accept(identity_at, ada, app.code(clock.now(), steps=steps)) is None


async def test_code_that_confirmed_the_app_is_used(
    identity_at: Identity, ada: str, app: App, clock: StandingClock
) -> None:
    assert await accept(identity_at, ada, app.code(clock.now(), steps=-1)) is None


async def test_codes_may_have_spaces(identity_at: Identity, ada: str, app: App, clock: StandingClock) -> None:
    code = app.code(clock.now())
    assert await accept(identity_at, ada, f" {code[:3]} {code[3:]} ") is AcceptedCode.APP


@pytest.mark.parametrize("text", ["", "12345", "1234567", "abcdef", "１２３４５６", "0" * 100_000])
async def test_what_is_no_code_is_refused(identity_at: Identity, ada: str, app: App, text: str) -> None:
    assert await accept(identity_at, ada, text) is None


async def test_code_of_another_account_is_refused(
    identity_at: Identity, ada: str, app: App, clock: StandingClock
) -> None:
    eve = await identity_at.register("eve")
    theirs = await add_app(identity_at, eve)
    assert await accept(identity_at, ada, theirs.code(clock.now())) is None
    assert await accept(identity_at, ada, (await add_recovery_codes(identity_at, eve))[0]) is None


async def test_secret_is_bound_to_its_account(
    identity_at: Identity, databases: Databases, ada: str, app: App, clock: StandingClock
) -> None:
    eve = await identity_at.register("eve")
    await add_app(identity_at, eve)
    change = (
        "UPDATE identity.totp_factors SET sealed_secret ="
        " (SELECT sealed_secret FROM identity.totp_factors WHERE user_id = $1) WHERE user_id = $2"
    )
    await databases.execute("identity_app", change, UUID(ada), UUID(eve))
    with pytest.raises(CannotUnseal):
        await accept(identity_at, eve, app.code(clock.now()))


async def test_code_of_an_account_without_an_app_is_refused(identity_at: Identity, ada: str) -> None:
    assert await accept(identity_at, ada, "123456") is None


async def test_recovery_code_works_once_however_it_is_typed(identity_at: Identity, ada: str) -> None:
    codes = await add_recovery_codes(identity_at, ada)
    assert len(set(codes)) == 10
    assert await accept(identity_at, ada, codes[0]) is AcceptedCode.RECOVERY
    for form in (codes[0], codes[0].upper(), codes[0].replace("-", "")):
        assert await accept(identity_at, ada, form) is None
    assert await accept(identity_at, ada, f" {codes[1].upper().replace('-', ' ')} ") is AcceptedCode.RECOVERY


async def test_one_of_twenty_uses_of_a_recovery_code_at_once_works(identity_at: Identity, ada: str) -> None:
    codes = await add_recovery_codes(identity_at, ada)
    answers = await asyncio.gather(*(accept(identity_at, ada, codes[0]) for _ in TWENTY))
    assert Counter(answers) == {AcceptedCode.RECOVERY: 1, None: 19}


async def test_renewed_recovery_codes_replace_the_others(identity_at: Identity, ada: str) -> None:
    former, present = await add_recovery_codes(identity_at, ada), await add_recovery_codes(identity_at, ada)
    assert await accept(identity_at, ada, former[0]) is None
    assert await accept(identity_at, ada, present[0]) is AcceptedCode.RECOVERY


async def test_no_table_has_a_recovery_code(identity_at: Identity, databases: Databases, ada: str) -> None:
    codes = await add_recovery_codes(identity_at, ada)
    rows = await databases.fetch("identity_app", "SELECT digest FROM identity.recovery_codes")
    assert len(rows) == 10
    assert not {row["digest"] for row in rows} & {code.encode() for code in codes}


def test_look_alikes_are_read_as_what_codes_have() -> None:
    assert normal_form("OIL0-oil0-abcd-efgh") == "01100110abcdefgh"
    assert is_recovery_code("0123-4567-89ab-cdef")
    assert not is_recovery_code("123456")
    assert not is_recovery_code("0123-4567-89ab-cde")
    assert not is_recovery_code("uuuu-uuuu-uuuu-uuuu")
