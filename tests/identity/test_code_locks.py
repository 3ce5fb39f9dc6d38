"""An exchange locks the user, the code and the sign-on, in this order, and decides by what is true under the locks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.identity.answers import claims_of, ensure_oauth_error
from tests.identity.authorizing import Application, application, code_of, tokens_by_code
from tests.identity.browsing import Browsing
from tests.identity.test_rotation_locks import DELETE_USER, DISABLE, GIVE_ROLE, RAISE_VERSION, blocked_by
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import Identity

LIMIT = 3
LOCKS = {
    "user": "SELECT id FROM identity.users FOR UPDATE",
    "code": "SELECT digest FROM identity.authorization_codes FOR UPDATE",
    "sign-on": "SELECT id FROM identity.sign_ons FOR UPDATE",
}
END = "UPDATE identity.sign_ons SET ended_at = now(), end_reason = 'signed out'"
USE = "UPDATE identity.authorization_codes SET used_at = now()"
MUST_CHANGE = "UPDATE identity.users SET must_change_password = true"
SESSIONS = "SELECT end_reason FROM identity.sessions ORDER BY id"


@pytest.fixture
async def identity(clean_databases: Databases) -> AsyncIterator[Identity]:
    """The identity service in which an account may have three sessions."""
    async with services.identity(clean_databases, sessions_per_account=LIMIT) as service:
        yield service


@pytest.fixture
async def app(identity: Identity) -> Application:
    return await application(identity)


async def reasons(databases: Databases) -> list[str | None]:
    """Why each session has ended, the oldest session first."""
    return [row["end_reason"] for row in await databases.fetch("identity_app", SESSIONS)]


@pytest.mark.parametrize(("held", "locked"), [("code", {"user", "code"}), ("sign-on", set(LOCKS))])
async def test_exchange_locks_the_user_then_the_code_then_the_sign_on(
    identity: Identity, ada: Browsing, app: Application, databases: Databases, held: str, locked: set[str]
) -> None:
    code = await code_of(ada, app)
    async with blocked_by(databases, app.exchange(identity, code), LOCKS[held]) as exchange:
        free = [what for what in LOCKS if await databases.fetch("identity_owner", f"{LOCKS[what]} SKIP LOCKED")]
    assert set(free) == set(LOCKS) - locked
    assert (await exchange).status_code == 200


@pytest.mark.parametrize("change", [DISABLE, MUST_CHANGE, DELETE_USER, END, USE])
async def test_exchange_that_waited_for_a_change_obeys_it(
    identity: Identity, ada: Browsing, app: Application, databases: Databases, change: str
) -> None:
    code = await code_of(ada, app)
    # Also if the exchange waits for the user, and has not looked at anything else.
    async with blocked_by(databases, app.exchange(identity, code), LOCKS["user"], change) as exchange:
        pass
    ensure_oauth_error(await exchange, "invalid_grant")
    assert await reasons(databases) == []


async def test_exchange_that_waited_for_a_change_of_roles_has_its_roles_and_version(
    identity: Identity, ada: Browsing, app: Application, databases: Databases
) -> None:
    code = await code_of(ada, app)
    async with blocked_by(databases, app.exchange(identity, code), RAISE_VERSION, GIVE_ROLE) as exchange:
        pass
    claims = claims_of((await exchange).json()["access_token"])
    assert (claims["ver"], claims["roles"]) == (7, ["moderator", "user"])


async def test_exchange_beyond_the_limit_of_sessions_ends_the_one_used_longest_ago(
    identity: Identity, ada: Browsing, app: Application, databases: Databases
) -> None:
    for _ in range(LIMIT + 1):
        tokens = await tokens_by_code(ada, identity, app)
    too_many = "more sessions than an account may have"
    assert await reasons(databases) == [too_many, None, None, None]
    assert (await identity.refresh(tokens["refresh_token"], client_id=app.id)).status_code == 200
    # A code that is refused makes room for nothing, and one of many that are presented at once makes it once.
    code = await code_of(ada, app)
    assert (await app.exchange(identity, code, code_verifier="v" * 43)).status_code == 400
    assert await reasons(databases) == [too_many, None, None, None]
    await asyncio.gather(*(app.exchange(identity, code) for _ in range(20)))
    assert await reasons(databases) == [too_many, too_many, None, None, "authorization code replayed"]
