"""One code that is presented many times at once, and codes of an account that is deleted at the same moment."""

import asyncio

import pytest

from identity_service.oauth.authorization.answers import Answer
from identity_service.oauth.authorization.decision import Detour, Page
from tests.identity.authorizing import Application, application, code_of, tokens_by_code
from tests.identity.browsing import Browsing
from tests.identity.signing_on import COOKIE
from tests.identity.test_rotation_locks import blocked_by, is_locked
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer

LOCK_SIGN_ON = "SELECT id FROM identity.sign_ons FOR UPDATE"
SESSIONS = "SELECT end_reason FROM identity.sessions"
EVENTS = "SELECT detail FROM identity.audit_entries WHERE action = 'session.ended'"


@pytest.fixture
async def app(identity: Identity) -> Application:
    return await application(identity, scopes=["account"], audiences=[IDENTITY_URL], default_audience=IDENTITY_URL)


async def test_fifty_exchanges_of_one_code_make_one_session_which_is_ended(
    identity: Identity, ada: Browsing, app: Application, databases: Databases
) -> None:
    code = await code_of(ada, app)
    answers = await asyncio.gather(*(app.exchange(identity, code) for _ in range(50)))
    (tokens,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert {answer.json()["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
    assert [row["end_reason"] for row in await databases.fetch("identity_app", SESSIONS)] == [
        "authorization code replayed"
    ]
    assert len(await databases.fetch("identity_app", EVENTS)) == 1
    assert (await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))).status_code == 401
    assert (await identity.refresh(tokens["refresh_token"], client_id=app.id)).status_code == 400


async def test_exchange_and_deletion_of_the_account_do_not_wait_for_each_other_for_ever(
    identity: Identity, ada: Browsing, app: Application, databases: Databases
) -> None:
    codes = [await code_of(ada, app) for _ in range(8)]
    deletion = ada.send("/account/delete", {"confirmation": "ada"})
    *answers, deleted = await asyncio.gather(*(app.exchange(identity, code) for code in codes), deletion)
    assert {answer.status_code for answer in answers} <= {200, 400}
    assert deleted.status_code == 303
    assert await databases.fetch("identity_app", SESSIONS) == []


async def test_deletion_of_the_account_waits_for_the_end_of_a_sign_on_before_it_takes_the_sessions(
    identity: Identity, ada: Browsing, app: Application, databases: Databases
) -> None:
    await tokens_by_code(ada, identity, app)
    async with blocked_by(databases, ada.send("/account/delete", {"confirmation": "ada"}), LOCK_SIGN_ON) as deletion:
        assert not await is_locked(databases, "session")
    assert (await deletion).status_code == 303


async def test_account_that_is_deleted_during_a_request_is_asked_to_sign_in(
    identity: Identity, ada: Browsing, app: Application
) -> None:
    sign_on = await identity.parts.sign_ons.find(ada.http.cookies[COOKIE])
    assert sign_on is not None
    await identity.parts.accounts.delete(sign_on.user_id)
    authorization = identity.parts.code_flow.authorization
    detour = await authorization.decide(app.query(), sign_on)
    assert isinstance(detour, Detour)
    assert detour.page is Page.SIGN_IN
    answer = await authorization.decide(app.query(prompt="none"), sign_on)
    assert isinstance(answer, Answer)
    assert answer.parameters["error"] == "login_required"
