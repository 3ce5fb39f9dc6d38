"""/users/me/totp, /users/me/recovery-codes, /users/me/factors: the authenticator app and the recovery codes of an
account, by its owner."""

import asyncio
import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.identity.answers import claims_of, ensure_problem, statuses
from tests.identity.receivers import receiver_with_stream
from tests.identity.second_factors import App
from tests.identity.signing_in import ensure_ended, ensure_live
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.testing import StandingClock

TOTP = "/users/me/totp"
CONFIRMATION = "/users/me/totp/confirmation"
CODES = "/users/me/recovery-codes"
FACTORS = "/users/me/factors"
NONE: dict[str, Any] = {"totp": None, "passkeys": [], "recovery_codes_left": 0}
ACTS = [("POST", TOTP), ("POST", CONFIRMATION), ("DELETE", TOTP), ("POST", CODES)]


@dataclass
class Owner:
    """Ada, in a session of a program."""

    identity: Identity
    clock: StandingClock
    tokens: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        return bearer(self.tokens["access_token"])

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.identity.http.request(method, path, json=body, headers={**self.headers, **headers})

    async def authenticate_again(self, databases: Databases) -> None:
        """Have the same session count for a sign-in of this moment, as a step-up does."""
        change = "UPDATE identity.sessions SET authenticated_at = $1"
        await databases.execute("identity_app", change, self.clock.now())
        self.tokens = (await self.identity.refresh(self.tokens["refresh_token"])).json()

    async def factors(self) -> dict[str, Any]:
        answer = await self.request("GET", FACTORS)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def begin(self) -> App:
        answer = await self.request("POST", TOTP)
        assert answer.status_code == 200, answer.text
        return App(base64.b32decode(answer.json()["secret"]))

    async def confirm(self, code: str) -> httpx.Response:
        return await self.request("POST", CONFIRMATION, {"code": code})

    async def add(self) -> tuple[App, list[str]]:
        """The app that was added, and the recovery codes that came with it."""
        app = await self.begin()
        answer = await self.confirm(app.code(self.clock.now()))
        assert answer.status_code == 200, answer.text
        return app, list(answer.json()["recovery_codes"])


@pytest.fixture
async def ada(identity_at: Identity, clock: StandingClock) -> Owner:
    await identity_at.register("ada")
    return Owner(identity_at, clock, await identity_at.sign_in("ada", resource=IDENTITY_URL))


async def test_account_has_no_factor_at_first(ada: Owner) -> None:
    assert await ada.factors() == NONE


async def test_app_counts_once_it_has_shown_a_code(ada: Owner, clock: StandingClock) -> None:
    app = await ada.begin()
    assert await ada.factors() == NONE
    answer = await ada.confirm(app.code(clock.now()))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert len(set(answer.json()["recovery_codes"])) == 10
    factors = await ada.factors()
    assert factors["totp"]["last_used_at"] is None
    assert factors["recovery_codes_left"] == 10


async def test_secret_is_text_and_a_uri_that_apps_read(ada: Owner) -> None:
    answer = (await ada.request("POST", TOTP)).json()
    uri = urlsplit(answer["uri"])
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/localhost%3A8001:ada")
    assert parse_qs(uri.query) == {"secret": [answer["secret"]], "issuer": ["localhost:8001"]}
    assert len(base64.b32decode(answer["secret"])) == 20


async def test_wrong_code_adds_nothing_and_the_right_one_may_follow(ada: Owner, clock: StandingClock) -> None:
    app = await ada.begin()
    code = app.code(clock.now())
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    ensure_problem(await ada.confirm(wrong), 403, "wrong_code")
    assert await ada.factors() == NONE
    assert (await ada.confirm(code)).status_code == 200


async def test_code_of_a_replaced_secret_confirms_nothing(ada: Owner, clock: StandingClock) -> None:
    first = await ada.begin()
    second = await ada.begin()
    ensure_problem(await ada.confirm(first.code(clock.now())), 403, "wrong_code")
    assert (await ada.confirm(second.code(clock.now()))).status_code == 200


async def test_owner_never_confirms_a_secret_that_was_made_in_another_session(ada: Owner, clock: StandingClock) -> None:
    thief = Owner(ada.identity, clock, await ada.identity.sign_in("ada", resource=IDENTITY_URL))
    own = await ada.begin()
    theirs = await thief.begin()
    for app in (own, theirs):
        ensure_problem(await ada.confirm(app.code(clock.now())), 404, "enrolment_not_found")
    assert await ada.factors() == NONE
    assert (await ada.confirm((await ada.begin()).code(clock.now()))).status_code == 200


async def test_nothing_is_confirmed_that_was_not_begun_or_has_expired(
    ada: Owner, databases: Databases, clock: StandingClock
) -> None:
    ensure_problem(await ada.confirm("123456"), 404, "enrolment_not_found")
    app = await ada.begin()
    clock.advance(seconds=30 * 60)
    await ada.authenticate_again(databases)
    ensure_problem(await ada.confirm(app.code(clock.now())), 404, "enrolment_not_found")


async def test_app_is_confirmed_until_its_enrolment_expires(
    ada: Owner, databases: Databases, clock: StandingClock
) -> None:
    app = await ada.begin()
    clock.advance(seconds=30 * 60 - 1)
    await ada.authenticate_again(databases)
    assert (await ada.confirm(app.code(clock.now()))).status_code == 200


async def test_one_of_twenty_confirmations_at_once_adds_the_app(
    ada: Owner, databases: Databases, clock: StandingClock
) -> None:
    app = await ada.begin()
    code = app.code(clock.now())
    answers = await asyncio.gather(*(ada.confirm(code) for _ in range(20)))
    assert statuses(answers) == {200: 1, 404: 19}
    actions = await databases.fetch("identity_app", "SELECT action FROM identity.audit_entries")
    assert [row["action"] for row in actions].count("factor.added") == 1


async def test_first_factor_ends_other_sessions_and_not_this_one(ada: Owner) -> None:
    other = await ada.identity.sign_in("ada", resource=IDENTITY_URL)
    await ada.add()
    await ensure_ended(ada.identity, other)
    await ensure_live(ada.identity, ada.tokens)


async def test_replaced_app_shows_no_valid_codes_and_keeps_the_recovery_codes(
    ada: Owner, databases: Databases, clock: StandingClock
) -> None:
    first, _ = await ada.add()
    clock.advance(seconds=60)
    second = await ada.begin()
    assert (await ada.confirm(second.code(clock.now()))).json() == {"recovery_codes": []}
    clock.advance(seconds=60)
    assert await accepted(ada, first.code(clock.now())) is None
    assert await accepted(ada, second.code(clock.now())) == "app"
    assert (await ada.factors())["recovery_codes_left"] == 10
    actions = await databases.fetch("identity_app", "SELECT action FROM identity.audit_entries ORDER BY id")
    assert [row["action"] for row in actions if row["action"].startswith("factor.")] == [
        "factor.added",
        "factor.replaced",
    ]


async def accepted(owner: Owner, code: str) -> str | None:
    """Show a code as at a sign-in."""
    parts = owner.identity.parts
    async with parts.database.begin() as db:
        user_id = await parts.accounts.find_id("ada")
        return await parts.factors.codes.accept(db, user_id, code, owner.clock.now())


async def test_use_of_the_app_is_shown(ada: Owner, clock: StandingClock) -> None:
    app, _ = await ada.add()
    clock.advance(seconds=60)
    assert await accepted(ada, app.code(clock.now())) == "app"
    assert (await ada.factors())["totp"]["last_used_at"] == clock.now().isoformat().replace("+00:00", "Z")


async def test_removed_app_leaves_nothing_and_services_are_told(ada: Owner, clock: StandingClock) -> None:
    app, _ = await ada.add()
    posts = await receiver_with_stream(ada.identity)
    await posts.acknowledge()
    answer = await ada.request("DELETE", TOTP, Prefer="wait=0")
    assert (answer.status_code, answer.json()) == (200, {"obeyed": [], "outstanding": ["posts"]})
    assert await ada.factors() == NONE
    assert await accepted(ada, app.code(clock.now(), steps=1)) is None
    changes = [(kind, claims.get("credential_type")) for kind, _, claims in await posts.events()]
    assert changes == [
        ("credential-change", "app"),
        ("credential-change", "recovery-codes"),
        ("assurance-level-change", None),
    ]
    ensure_problem(await ada.request("DELETE", TOTP), 404, "app_not_found")


async def test_recovery_codes_are_renewed_while_there_is_a_factor(ada: Owner) -> None:
    ensure_problem(await ada.request("POST", CODES), 409, "recovery_codes_without_factor")
    _, former = await ada.add()
    answer = await ada.request("POST", CODES)
    assert answer.status_code == 200
    present = answer.json()["recovery_codes"]
    assert not set(former) & set(present)
    assert await accepted(ada, former[0]) is None
    assert await accepted(ada, present[0]) == "recovery code"
    assert (await ada.factors())["recovery_codes_left"] == 9


async def test_removal_and_use_of_a_code_at_once_leave_no_code_that_works(ada: Owner, clock: StandingClock) -> None:
    app, codes = await ada.add()
    clock.advance(seconds=60)
    code = app.code(clock.now())
    uses = (accepted(ada, text) for text in (code, code, codes[0], codes[1]))
    removal = asyncio.create_task(ada.request("DELETE", TOTP))
    await asyncio.gather(removal, *uses)
    assert removal.result().status_code == 204
    assert [await accepted(ada, text) for text in (code, *codes)] == [None] * 11


async def test_two_removals_at_once_remove_once(ada: Owner) -> None:
    await ada.add()
    answers = await asyncio.gather(*(ada.request("DELETE", TOTP) for _ in range(5)))
    assert statuses(answers) == {204: 1, 404: 4}


@pytest.mark.parametrize(("method", "path"), ACTS)
async def test_every_change_asks_for_a_fresh_sign_in(ada: Owner, clock: StandingClock, method: str, path: str) -> None:
    clock.advance(seconds=660)
    tokens = (await ada.identity.refresh(ada.tokens["refresh_token"])).json()
    assert claims_of(tokens["access_token"])["sid"] == claims_of(ada.tokens["access_token"])["sid"]
    ada.tokens = tokens
    body = {"code": "123456"} if path == CONFIRMATION else None
    refused = await ada.request(method, path, body)
    ensure_problem(refused, 401, "insufficient_user_authentication")
    assert 'max_age="600"' in refused.headers["WWW-Authenticate"]
    assert await ada.factors() == NONE


@pytest.mark.parametrize(("method", "path"), [*ACTS, ("GET", FACTORS)])
async def test_strangers_are_refused(identity: Identity, method: str, path: str) -> None:
    assert (await identity.http.request(method, path, json={"code": "123456"})).status_code == 401
    await identity.register("eve")
    eve = await identity.sign_in("eve")
    refused = await identity.http.request(method, path, json={"code": "123456"}, headers=bearer(eve["access_token"]))
    assert refused.status_code == 401


async def test_app_is_confirmed_at_another_process(ada: Owner, databases: Databases, clock: StandingClock) -> None:
    app = await ada.begin()
    async with services.identity(databases, clock=clock) as other:
        answer = await other.http.post(CONFIRMATION, json={"code": app.code(clock.now())}, headers=ada.headers)
    assert answer.status_code == 200
