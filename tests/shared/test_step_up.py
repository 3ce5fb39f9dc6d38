"""Guards that ask for a strong or a recent sign-in (RFC 9470)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Response

from tests.shared.apps import client_for
from watchword.auth import Guard, Principal, Verifier, protect, requires
from watchword.http import HotRoute
from watchword.testing import Issuer, StandingClock

GUARDS = {
    "acr": requires("write", acr="mfa"),
    "age": requires("write", max_age=300),
    "both": requires("write", acr="mfa", max_age=300),
    "any-scope": requires(acr="pwd"),
    "optional": Guard(acr="mfa", anonymous=True),
}


def plain(guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/")
    async def operation(caller: Annotated[Principal | None, Depends(guard)]) -> str:
        return "passed"

    return router


def on_decorator(guard: Guard) -> APIRouter:
    router = APIRouter()

    @router.get("/", dependencies=[Depends(guard)])
    async def operation() -> str:
        return "passed"

    return router


def on_router(guard: Guard) -> APIRouter:
    router = APIRouter(dependencies=[Depends(guard)])

    @router.get("/")
    async def operation() -> str:
        return "passed"

    return router


def hot(guard: Guard) -> APIRouter:
    router = APIRouter(route_class=HotRoute)

    @router.get("/")
    async def operation(caller: Annotated[Principal | None, Depends(guard)]) -> Response:
        return Response(b"passed")

    return router


PLACES = {"plain": plain, "decorator": on_decorator, "router": on_router, "hot": hot}
each_place = pytest.mark.parametrize("place", list(PLACES))


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def issuer(clock: StandingClock) -> Issuer:
    return Issuer(clock=clock)


def app_of(verifier: Verifier) -> FastAPI:
    app = FastAPI()
    for place, make in PLACES.items():
        for name, guard in GUARDS.items():
            app.include_router(make(guard), prefix=f"/{place}/{name}")
    protect(app, verifier)
    return app


@pytest.fixture
async def http(issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(app_of(issuer.verifier())) as http:
        yield http


def signed_in(issuer: Issuer, *, seconds_ago: float = 0, acr: str | None = "mfa", **options: Any) -> dict[str, str]:
    """The header fields of a person who signed in so many seconds ago."""
    auth_time = issuer.clock.now().timestamp() - seconds_ago
    return issuer.bearer(auth_time=auth_time, acr=acr, scope="write", **options)


@each_place
@pytest.mark.parametrize("guard", list(GUARDS))
async def test_strong_and_recent_sign_in_passes(
    http: httpx.AsyncClient, issuer: Issuer, place: str, guard: str
) -> None:
    assert (await http.get(f"/{place}/{guard}/", headers=signed_in(issuer))).status_code == 200


@each_place
@pytest.mark.parametrize(
    ("guard", "needs"),
    [
        ("acr", 'acr_values="mfa"'),
        ("age", 'max_age="300"'),
        ("both", 'acr_values="mfa", max_age="300"'),
        ("any-scope", 'acr_values="pwd"'),
        ("optional", 'acr_values="mfa"'),
    ],
)
async def test_token_that_does_not_say_it_is_401_with_what_is_needed(
    http: httpx.AsyncClient, issuer: Issuer, place: str, guard: str, needs: str
) -> None:
    answer = await http.get(f"/{place}/{guard}/", headers=issuer.bearer(scope="write"))
    assert (answer.status_code, answer.json()["code"]) == (401, "insufficient_user_authentication")
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="watchword", error="insufficient_user_authentication",'
        f' error_description="This needs a more recent or a stronger sign-in.", {needs}'
    )


@pytest.mark.parametrize("needed", ["pwd", "mfa", "phr"])
@pytest.mark.parametrize("had", ["pwd", "mfa", "phr", "MFA", "mfa ", "0", "urn:example:gold", None])
async def test_level_passes_what_needs_it_or_a_weaker_one(issuer: Issuer, needed: str, had: str | None) -> None:
    app = FastAPI()
    app.include_router(plain(requires(acr=needed)))
    protect(app, issuer.verifier())
    order = ["pwd", "mfa", "phr"]
    suffices = had in order and order.index(had) >= order.index(needed)
    async with client_for(app) as http:
        answer = await http.get("/", headers=signed_in(issuer, acr=had))
    assert answer.status_code == (200 if suffices else 401)


@pytest.mark.parametrize(
    ("seconds_ago", "status"), [(0, 200), (300, 200), (305, 200), (306, 401), (10**8, 401), (-5, 200), (-6, 401)]
)
async def test_age_counts_from_the_sign_in_with_the_leeway_of_the_verifier(
    http: httpx.AsyncClient, issuer: Issuer, seconds_ago: int, status: int
) -> None:
    assert (await http.get("/plain/age/", headers=signed_in(issuer, seconds_ago=seconds_ago))).status_code == status


@each_place
async def test_remembered_token_passes_only_until_its_sign_in_is_too_old(
    http: httpx.AsyncClient, issuer: Issuer, clock: StandingClock, place: str
) -> None:
    headers = signed_in(issuer)
    for seconds, status in ((0, 200), (305, 200), (1, 401)):
        clock.advance(seconds=seconds)
        assert (await http.get(f"/{place}/both/", headers=headers)).status_code == status
    assert (await http.get(f"/{place}/acr/", headers=headers)).status_code == 200


async def test_nobody_is_sent_to_sign_in_who_would_be_forbidden_after_it(
    http: httpx.AsyncClient, issuer: Issuer
) -> None:
    assert (await http.get("/plain/both/", headers=issuer.bearer(scope="read"))).status_code == 403
    assert (await http.get("/plain/both/", headers=issuer.bearer(scope="write", expires_in=-60))).json()["code"] == (
        "unauthenticated"
    )
    assert (await http.get("/plain/both/")).headers["WWW-Authenticate"] == 'Bearer realm="watchword"'


async def test_optional_guard_lets_a_stranger_pass_and_no_weaker_sign_in(
    http: httpx.AsyncClient, issuer: Issuer
) -> None:
    assert (await http.get("/plain/optional/")).status_code == 200
    assert (await http.get("/plain/optional/", headers=signed_in(issuer, acr="pwd"))).status_code == 401


async def test_subclass_that_allows_more_still_asks_for_the_sign_in(issuer: Issuer) -> None:
    class Lenient(Guard):
        async def ensure(self, request: object, principal: Principal) -> None:
            """Everybody is allowed."""

    app = FastAPI()
    app.include_router(plain(Lenient(max_age=300)))
    protect(app, issuer.verifier())
    async with client_for(app) as http:
        assert (await http.get("/", headers=signed_in(issuer))).status_code == 200
        assert (await http.get("/", headers=signed_in(issuer, seconds_ago=400))).status_code == 401


@pytest.mark.parametrize("attributes", [{"acr": "mfa"}, {"max_age": 300}, {"fresh": 2.0}])
async def test_subclass_may_say_later_what_it_asks_for(issuer: Issuer, attributes: dict[str, Any]) -> None:
    class Late(Guard):
        def __init__(self) -> None:
            super().__init__("write")
            vars(self).update(attributes)

    app = FastAPI()
    app.include_router(plain(Late()))
    protect(app, issuer.verifier())
    async with client_for(app) as http:
        answer = await http.get("/", headers=issuer.bearer(scope="write"))
    # No verifier without a receiver has heard the issuer.
    assert answer.status_code == (503 if "fresh" in attributes else 401)


@pytest.mark.parametrize("acr", ["", "MFA", "otp", "pwd mfa", 1, ["mfa"]])
def test_level_that_no_token_has_is_refused_at_the_start(acr: Any) -> None:
    with pytest.raises(ValueError, match="acr: one of pwd, mfa, phr"):
        requires("write", acr=acr)


@pytest.mark.parametrize("max_age", [0, -1, True, "300", 1.5, float("inf")])
def test_age_that_could_never_be_is_refused_at_the_start(max_age: Any) -> None:
    with pytest.raises(ValueError, match="max_age: a whole number from 1 on"):
        requires("write", max_age=max_age)
