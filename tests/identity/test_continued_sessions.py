"""A client that steps up with its ID token keeps its session: the same `sid`, with the authentication of the answer and
one unspent refresh token."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.identity.answers import claims_of, ensure_oauth_error
from tests.identity.authorizing import Application, application, authorize, code_of, sign_in, tokens_by_code
from tests.identity.browsing import Browsing, browsing
from tests.identity.hook import hook
from tests.identity.logging_out import no_jobs, register_uri, sids_at
from tests.identity.third_parties import allow
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from tests.support.waiting import until
from watchword.testing import StandingClock

SCOPES: dict[str, Any] = {"scopes": ["openid", "posts:write", "account"], "audiences": [IDENTITY_URL, POSTS_URL]}
SESSIONS = "SELECT id::text, acr, amr, scopes, audiences, end_reason FROM identity.sessions ORDER BY id"
UNSPENT = "SELECT session_id::text FROM identity.refresh_tokens WHERE used_at IS NULL ORDER BY session_id"
STRENGTHEN = "UPDATE identity.sign_ons SET acr = 'mfa', amr = '{pwd,otp,mfa}'"
WEAKEN = "UPDATE identity.sign_ons SET acr = 'pwd', amr = '{pwd}'"
END = "UPDATE identity.sessions SET ended_at = now(), end_reason = 'signed out'"


@pytest.fixture
async def app(identity_at: Identity) -> Application:
    return await application(identity_at, **SCOPES)


@pytest.fixture
async def browser(identity_at: Identity, app: Application) -> AsyncIterator[Browsing]:
    """A browser in which ada is signed on."""
    async with browsing(identity_at, "ada") as browser:
        yield browser


async def begin(browser: Browsing, identity: Identity, app: Application, **changes: Any) -> dict[str, Any]:
    """The tokens of a first session."""
    return await tokens_by_code(browser, identity, app, **{"scope": "openid posts:write", **changes})


def step_up(tokens: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The parameters of a request with which the session of these tokens is to go on."""
    return {"scope": "openid posts:write", "id_token_hint": tokens["id_token"], "max_age": 300, **changes}


def session_of(tokens: dict[str, Any]) -> str:
    sids = {claims_of(tokens[name])["sid"] for name in ("access_token", "refresh_token", "id_token")}
    assert len(sids) == 1
    return str(sids.pop())


async def sessions(databases: Databases) -> list[dict[str, Any]]:
    return [dict(row) for row in await databases.fetch("identity_app", SESSIONS)]


async def ensure_one_unspent_token_each(databases: Databases) -> None:
    unspent = [row["session_id"] for row in await databases.fetch("identity_app", UNSPENT)]
    assert unspent == [session["id"] for session in await sessions(databases)]


async def refreshed(identity: Identity, app: Application, tokens: dict[str, Any]) -> dict[str, Any]:
    answer = await identity.refresh(tokens["refresh_token"], client_id=app.id)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_session_goes_on_with_the_recent_sign_in_of_its_person(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases, clock: StandingClock
) -> None:
    first = await begin(browser, identity_at, app)
    clock.advance(seconds=400)
    answer = await sign_in(browser, app, **step_up(first, nonce="of the step-up"))
    second = (await app.exchange(identity_at, answer["code"])).json()

    assert session_of(second) == session_of(first)
    claims = claims_of(second["id_token"])
    assert claims["auth_time"] == claims_of(first["id_token"])["auth_time"] + 400 == int(clock.now().timestamp())
    assert claims["nonce"] == "of the step-up"
    assert len(await sessions(databases)) == 1
    await ensure_one_unspent_token_each(databases)
    # A refresh repeats the authentication, which is the session's now.
    third = await refreshed(identity_at, app, second)
    assert claims_of(third["access_token"])["auth_time"] == claims["auth_time"]


async def test_session_gets_the_level_of_a_sign_on_that_was_raised_meanwhile(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    first = await begin(browser, identity_at, app)
    await databases.execute("identity_app", STRENGTHEN)
    second = await tokens_by_code(browser, identity_at, app, **step_up(first, max_age=None, acr_values="mfa"))
    assert session_of(second) == session_of(first)
    for token in (second["id_token"], second["access_token"]):
        assert (claims_of(token)["acr"], claims_of(token)["amr"]) == ("mfa", ["pwd", "otp", "mfa"])
    (session,) = await sessions(databases)
    assert (session["acr"], session["amr"]) == ("mfa", ["pwd", "otp", "mfa"])


async def test_code_that_is_traded_in_late_takes_nothing_from_what_a_later_sign_in_has_brought(
    identity_at: Identity, browser: Browsing, app: Application, clock: StandingClock
) -> None:
    """Two tabs step up at once, and the code of the first one is traded in last."""
    first = await begin(browser, identity_at, app)
    early = await code_of(browser, app, **step_up(first))
    clock.advance(seconds=20)
    recent = (await sign_in(browser, app, **step_up(first, max_age=10)))["code"]
    for code in (recent, early):
        tokens = (await app.exchange(identity_at, code)).json()
        for token in (tokens["id_token"], (await refreshed(identity_at, app, tokens))["access_token"]):
            assert claims_of(token)["auth_time"] == int(clock.now().timestamp())


async def test_code_of_before_a_factor_was_shown_does_not_weaken_the_session_that_it_is_for(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    first = await begin(browser, identity_at, app)
    weak = await code_of(browser, app, **step_up(first))
    await databases.execute("identity_app", STRENGTHEN)
    strong = await code_of(browser, app, **step_up(first, acr_values="mfa"))
    for code in (strong, weak):
        claims = claims_of((await app.exchange(identity_at, code)).json()["access_token"])
        assert (claims["acr"], claims["amr"]) == ("mfa", ["pwd", "otp", "mfa"])
    assert {session["acr"] for session in await sessions(databases)} == {"mfa"}


async def test_former_refresh_token_leads_to_the_unspent_one_for_a_short_time_and_is_a_replay_later(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases, clock: StandingClock
) -> None:
    first = await begin(browser, identity_at, app)
    second = await tokens_by_code(browser, identity_at, app, **step_up(first))
    third = await refreshed(identity_at, app, second)
    clock.advance(seconds=10)
    assert (await refreshed(identity_at, app, first))["refresh_token"] == third["refresh_token"]
    clock.advance(seconds=1)
    ensure_oauth_error(await identity_at.refresh(first["refresh_token"], client_id=app.id), "invalid_grant")
    assert [session["end_reason"] for session in await sessions(databases)] == ["refresh token replayed"]
    ensure_oauth_error(await identity_at.refresh(third["refresh_token"], client_id=app.id), "invalid_grant")


async def test_code_that_is_presented_twice_ends_the_session_that_went_on(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    first = await begin(browser, identity_at, app)
    code = await code_of(browser, app, **step_up(first))
    answers = await asyncio.gather(*(app.exchange(identity_at, code) for _ in range(20)))
    assert [answer.status_code for answer in answers].count(200) == 1
    (session,) = await sessions(databases)
    assert (session["id"], session["end_reason"]) == (session_of(first), "authorization code replayed")


async def test_exchange_at_once_with_refreshes_leaves_one_unspent_token_to_which_all_answers_lead(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    tokens = await begin(browser, identity_at, app)
    for _ in range(5):
        code = await code_of(browser, app, **step_up(tokens))
        refreshes = [identity_at.refresh(tokens["refresh_token"], client_id=app.id) for _ in range(4)]
        answers = await asyncio.gather(*refreshes[:2], app.exchange(identity_at, code), *refreshes[2:])
        assert {answer.status_code for answer in answers} == {200}
        await ensure_one_unspent_token_each(databases)
        for answer in answers:
            last = await refreshed(identity_at, app, answer.json())
        tokens = {**answers[2].json(), "refresh_token": last["refresh_token"]}
    assert len(await sessions(databases)) == 1


async def test_client_is_told_once_of_the_end_of_a_session_that_went_on(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    async with hook(after=200) as endpoint:
        await register_uri(databases, app.id, endpoint.url)
        first = await begin(browser, identity_at, app)
        second = await tokens_by_code(browser, identity_at, app, **step_up(first))
        await refreshed(identity_at, app, second)
        assert (await browser.send("/sign-out")).status_code == 303
        await until(lambda: no_jobs(databases))
    assert sids_at(endpoint) == [session_of(first)]
    ensure_oauth_error(await identity_at.refresh(second["refresh_token"], client_id=app.id), "invalid_grant")


async def test_request_without_a_demand_or_without_the_id_token_starts_a_session_of_its_own(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    first = await begin(browser, identity_at, app)
    for changes in ({"max_age": None}, {"id_token_hint": None}, {"max_age": None, "acr_values": "urn:example:gold"}):
        other = await tokens_by_code(browser, identity_at, app, **step_up(first, **changes))
        assert session_of(other) != session_of(first)
    # The first one is what it was.
    await refreshed(identity_at, app, first)
    await ensure_one_unspent_token_each(databases)


async def test_sign_in_that_the_client_only_wants_repeated_starts_a_session_of_its_own(
    identity_at: Identity, browser: Browsing, app: Application
) -> None:
    first = await begin(browser, identity_at, app)
    answer = await sign_in(browser, app, **step_up(first, max_age=None, prompt="login"))
    assert session_of((await app.exchange(identity_at, answer["code"])).json()) != session_of(first)


async def test_scopes_and_audiences_of_a_session_never_grow(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    first = await begin(browser, identity_at, app, resource=IDENTITY_URL, scope="openid account")
    narrow = step_up(first, scope="openid account", resource=IDENTITY_URL)
    for changes in ({"scope": "openid account posts:write"}, {"resource": [IDENTITY_URL, POSTS_URL]}):
        code = await code_of(browser, app, **{**narrow, **changes})
        other = (await app.exchange(identity_at, code, resource=IDENTITY_URL)).json()
        assert session_of(other) != session_of(first)
    second = await tokens_by_code(browser, identity_at, app, **narrow)
    assert session_of(second) == session_of(first)
    session = next(row for row in await sessions(databases) if row["id"] == session_of(first))
    assert (sorted(session["scopes"]), session["audiences"]) == (["account", "openid"], [IDENTITY_URL])


async def test_answer_for_less_than_the_session_has_takes_nothing_from_it(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    first = await begin(browser, identity_at, app, resource=IDENTITY_URL, scope="openid account")
    second = await tokens_by_code(browser, identity_at, app, **step_up(first, scope="openid", resource=IDENTITY_URL))
    assert session_of(second) == session_of(first)
    assert claims_of(second["access_token"])["scope"] == "openid"
    third = await refreshed(identity_at, app, second)
    assert claims_of(third["access_token"])["scope"].split() == ["openid", "account"]
    (session,) = await sessions(databases)
    assert sorted(session["scopes"]) == ["account", "openid"]


async def test_refresh_token_that_the_client_does_not_ask_for_stays_the_one_it_has(
    identity_at: Identity, browser: Browsing, databases: Databases
) -> None:
    scopes = ["openid", "account", "offline_access"]
    app = await application(
        identity_at,
        "notes",
        scopes=scopes,
        audiences=[IDENTITY_URL],
        default_audience=IDENTITY_URL,
        is_first_party=False,
    )
    client = await identity_at.parts.clients.find(app.id)
    assert client is not None
    await allow(identity_at, browser, client, *scopes)
    first = await begin(browser, identity_at, app, scope=" ".join(scopes))
    second = await tokens_by_code(browser, identity_at, app, **step_up(first, scope="openid account"))
    assert "refresh_token" not in second
    assert claims_of(second["id_token"])["sid"] == session_of(first)
    await ensure_one_unspent_token_each(databases)
    await refreshed(identity_at, app, first)


async def test_session_without_a_refresh_token_goes_on_without_one(
    identity_at: Identity, browser: Browsing, databases: Databases
) -> None:
    app = await application(identity_at, "once", **SCOPES, grants=["authorization_code"])
    first = await begin(browser, identity_at, app)
    await databases.execute("identity_app", STRENGTHEN)
    second = await tokens_by_code(browser, identity_at, app, **step_up(first, acr_values="mfa"))
    assert "refresh_token" not in second
    assert claims_of(second["id_token"])["sid"] == claims_of(first["id_token"])["sid"]
    assert claims_of(second["access_token"])["acr"] == "mfa"
    assert len(await sessions(databases)) == 1


async def test_session_that_has_ended_does_not_go_on(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    first = await begin(browser, identity_at, app)
    code = await code_of(browser, app, **step_up(first))
    await databases.execute("identity_app", END)
    second = (await app.exchange(identity_at, code)).json()
    assert session_of(second) != session_of(first)
    assert [session["end_reason"] for session in await sessions(databases)] == ["signed out", None]
    ensure_oauth_error(await identity_at.refresh(first["refresh_token"], client_id=app.id), "invalid_grant")


async def test_session_of_another_sign_on_of_the_person_does_not_go_on(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    first = await begin(browser, identity_at, app)
    async with browsing(identity_at) as elsewhere:
        await elsewhere.sign_on()
        second = await tokens_by_code(elsewhere, identity_at, app, **step_up(first))
    assert session_of(second) != session_of(first)
    await refreshed(identity_at, app, first)
    await ensure_one_unspent_token_each(databases)


async def test_session_of_another_client_or_person_is_not_reached(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    other = await application(identity_at, "other", **SCOPES)
    of_other = await begin(browser, identity_at, other)
    answer = await authorize(browser, app, **step_up(of_other))
    assert answer["error"] == "invalid_request"
    async with browsing(identity_at, "bob") as bobs:
        of_bob = await begin(bobs, identity_at, app)
    answer = await authorize(browser, app, **step_up(of_bob, prompt="none"))
    assert answer["error"] == "login_required"
    await ensure_one_unspent_token_each(databases)


@pytest.mark.parametrize(
    "owner",
    ["client_id = 'other'", "user_id = (SELECT id FROM identity.users WHERE username = 'bob')"],
    ids=["client", "person"],
)
async def test_code_that_names_a_session_of_somebody_else_starts_one_of_its_own(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases, owner: str
) -> None:
    await application(identity_at, "other", **SCOPES)
    first = await begin(browser, identity_at, app)
    await identity_at.register("bob")
    code = await code_of(browser, app, **step_up(first))
    await databases.execute("identity_app", f"UPDATE identity.sessions SET {owner}")  # noqa: S608 - written above
    second = (await app.exchange(identity_at, code)).json()
    assert session_of(second) != session_of(first)
    await ensure_one_unspent_token_each(databases)


async def test_session_whose_refresh_token_has_expired_does_not_go_on(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases, clock: StandingClock
) -> None:
    first = await begin(browser, identity_at, app)
    clock.advance(days=13)
    await browser.open("/account")
    clock.advance(days=2)
    answer = await sign_in(browser, app, **step_up(first))
    second = (await app.exchange(identity_at, answer["code"])).json()
    assert session_of(second) != session_of(first)
    await refreshed(identity_at, app, second)


async def test_session_lasts_no_longer_for_going_on(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases, clock: StandingClock
) -> None:
    expiry = "SELECT expires_at FROM identity.sessions"
    first = await begin(browser, identity_at, app)
    before = await databases.fetch("identity_app", expiry)
    clock.advance(days=1)
    answer = await sign_in(browser, app, **step_up(first))
    await app.exchange(identity_at, answer["code"])
    assert await databases.fetch("identity_app", expiry) == before


async def test_factor_that_was_removed_after_the_code_was_issued_does_not_come_back_by_it(
    identity_at: Identity, browser: Browsing, app: Application, databases: Databases
) -> None:
    first = await begin(browser, identity_at, app)
    await databases.execute("identity_app", STRENGTHEN)
    continuing = await code_of(browser, app, **step_up(first, acr_values="mfa"))
    starting = await code_of(browser, app, scope="openid posts:write")
    await databases.execute("identity_app", WEAKEN)
    for code in (continuing, starting):
        claims = claims_of((await app.exchange(identity_at, code)).json()["access_token"])
        assert (claims["acr"], claims["amr"]) == ("pwd", ["pwd"])
    assert {session["acr"] for session in await sessions(databases)} == {"pwd"}
