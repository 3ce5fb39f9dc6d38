"""The metrics of the identity service."""

from identity_service.administration import Administration
from tests.identity.signing_on import submit
from tests.identity.test_hashing_queue import full
from tests.support import services
from tests.support.databases import Databases
from tests.support.metrics import Scrape, scrape
from tests.support.services import PASSWORD, Identity
from tests.support.waiting import until


async def metrics_of(identity: Identity) -> Scrape:
    return await scrape(identity.http)


async def attempt(identity: Identity, password: str = PASSWORD, username: str = "ada") -> int:
    """Sign in at the page, and return the status."""
    return (await submit(identity, "/sign-in", login=username, password=password)).status_code


def outcomes(metrics: Scrape) -> dict[str, float]:
    names = ("ok", "wrong_credentials", "disabled", "overloaded", "failed")
    return {name: metrics("watchword_sign_ins_total", outcome=name) for name in names}


async def test_sign_ins_are_counted_by_outcome_at_the_page_and_at_the_token_endpoint(identity: Identity) -> None:
    await identity.register("ada")
    assert set(outcomes(await metrics_of(identity)).values()) == {0}
    await identity.sign_in("ada")
    assert await attempt(identity) == 303
    assert await attempt(identity, "wrong") == await attempt(identity, username="nobody") == 422
    too_long = await identity.token(grant_type="password", username="ada", password="x" * 300)
    assert too_long.status_code == 400
    await Administration(identity.parts).set_active("ada", False)
    assert await attempt(identity) == await attempt(identity, "wrong") == 422
    answer = await identity.token(grant_type="password", username="ada", password=PASSWORD)
    assert answer.json()["error"] == "invalid_grant"
    metrics = await metrics_of(identity)
    assert outcomes(metrics) == {"ok": 2, "wrong_credentials": 4, "disabled": 2, "overloaded": 0, "failed": 0}
    assert "ada" not in metrics.text


async def test_hashing_queue_and_its_refusals_are_shown(clean_databases: Databases) -> None:
    async with services.identity(clean_databases, hash_threads=1, hash_queue=2) as identity:
        await identity.register("ada")

        async def idle() -> bool:
            return (await metrics_of(identity))("watchword_hashing_queue", state="running") == 0

        await until(idle)
        before = await metrics_of(identity)
        async with full(identity.parts.passwords, 3):
            assert await attempt(identity) == 503
            metrics = await metrics_of(identity)
        jobs = {state: metrics("watchword_hashing_queue", state=state) for state in ("running", "waiting")}
        assert jobs == {"running": 1, "waiting": 2}
        assert metrics("watchword_hashing_threads") == 1
        total = "watchword_hashing_jobs_total"
        more = {
            outcome: metrics(total, outcome=outcome) - before(total, outcome=outcome)
            for outcome in ("accepted", "rejected")
        }
        assert more == {"accepted": 3, "rejected": 1}
        assert outcomes(metrics)["overloaded"] == 1


async def test_token_verifications_are_counted(identity: Identity) -> None:
    headers = await identity.signed_in("ada")
    for _ in range(2):
        assert (await identity.http.get("/users/me", headers=headers)).status_code == 200
    metrics = await metrics_of(identity)
    verified = {
        name: metrics("watchword_token_verifications_total", outcome=name) for name in ("accepted", "remembered")
    }
    assert verified == {"accepted": 1, "remembered": 1}
