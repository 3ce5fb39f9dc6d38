"""What the identity service says of itself to Prometheus."""

from identity_service.administration import Administration
from tests.identity.test_hashing_queue import full
from tests.support import services
from tests.support.databases import Databases
from tests.support.figures import Figures, figures_of
from tests.support.services import PASSWORD, Identity
from tests.support.waiting import until_async


async def figures(identity: Identity) -> Figures:
    return await figures_of(identity.http)


async def attempt(identity: Identity, password: str = PASSWORD, username: str = "ada") -> int:
    """The status of one sign-in of a page's."""
    fields = {"Origin": services.POSTS_URL, "X-Requested-With": "test"}
    body = {"username": username, "password": password}
    return (await identity.http.post("/sessions", json=body, headers=fields)).status_code


def outcomes(found: Figures) -> dict[str, float]:
    names = ("ok", "wrong_credentials", "disabled", "overloaded", "failed")
    return {name: found("watchword_sign_ins_total", outcome=name) for name in names}


async def test_sign_ins_are_counted_by_outcome_at_either_door(identity: Identity) -> None:
    await identity.register("ada")
    assert set(outcomes(await figures(identity)).values()) == {0}
    await identity.sign_in("ada")
    assert await attempt(identity) == 201
    assert await attempt(identity, "wrong") == await attempt(identity, username="nobody") == 401
    too_long = await identity.token(grant_type="password", username="ada", password="x" * 300)
    assert too_long.status_code == 400
    await Administration(identity.parts).set_active("ada", False)
    assert await attempt(identity) == await attempt(identity, "wrong") == 401
    answer = await identity.token(grant_type="password", username="ada", password=PASSWORD)
    assert answer.json()["error"] == "invalid_grant"
    found = await figures(identity)
    assert outcomes(found) == {"ok": 2, "wrong_credentials": 4, "disabled": 2, "overloaded": 0, "failed": 0}
    assert "ada" not in found.text


async def test_hashing_queue_is_shown_and_what_it_refuses(emptied: Databases) -> None:
    async with services.identity(emptied, hash_threads=1, hash_queue=2) as identity:
        await identity.register("ada")

        async def idle() -> bool:
            return (await figures(identity))("watchword_hashing_jobs", state="running") == 0

        await until_async(idle)
        before = await figures(identity)
        async with full(identity.parts.passwords, 3):
            assert await attempt(identity) == 503
            found = await figures(identity)
        jobs = {state: found("watchword_hashing_jobs", state=state) for state in ("running", "waiting")}
        assert jobs == {"running": 1, "waiting": 2}
        assert found("watchword_hashing_threads") == 1
        asked = "watchword_hashing_jobs_asked_total"
        more = {
            outcome: found(asked, outcome=outcome) - before(asked, outcome=outcome) for outcome in ("taken", "refused")
        }
        assert more == {"taken": 3, "refused": 1}
        assert outcomes(found)["overloaded"] == 1


async def test_tokens_are_counted_here_too(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    for _ in range(2):
        assert (await identity.http.get("/users/me", headers=headers)).status_code == 200
    found = await figures(identity)
    verified = {name: found("watchword_token_verifications_total", outcome=name) for name in ("accepted", "remembered")}
    assert verified == {"accepted": 1, "remembered": 1}
