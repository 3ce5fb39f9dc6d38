"""How far the clocks of issuer and service may differ is a setting, and a token lives so much longer."""

import pytest

from tests.support import services
from tests.support.databases import Databases
from watchword.auth import InvalidToken, Verifier
from watchword.testing import Issuer, StandingClock

each_leeway = pytest.mark.parametrize("leeway_seconds", [0, 5, 30, 60])


def verifier_of(issuer: Issuer, leeway_seconds: float) -> Verifier:
    return Verifier(
        issuer=issuer.url, audience=issuer.audience, keys=issuer, clock=issuer.clock, leeway_seconds=leeway_seconds
    )


@pytest.fixture
def clock(issuer: Issuer) -> StandingClock:
    clock = StandingClock()
    issuer.clock = clock
    # Tokens have whole seconds.
    clock.advance(microseconds=-clock.now().microsecond)
    return clock


@each_leeway
@pytest.mark.parametrize("is_remembered", [True, False])
async def test_a_token_is_accepted_for_the_leeway_after_its_end_and_no_longer(
    issuer: Issuer, clock: StandingClock, leeway_seconds: int, is_remembered: bool
) -> None:
    verifier = verifier_of(issuer, leeway_seconds)
    token = issuer.mint(expires_in=10)
    if is_remembered:
        await verifier.verify(token)
    clock.advance(seconds=10 + leeway_seconds - 0.5)
    await verifier.verify(token)
    clock.advance(seconds=0.5)
    with pytest.raises(InvalidToken, match="expired"):
        await verifier.verify(token)


@each_leeway
@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_a_token_is_accepted_the_leeway_before_its_begin_and_no_earlier(
    issuer: Issuer, clock: StandingClock, leeway_seconds: int, claim: str
) -> None:
    verifier = verifier_of(issuer, leeway_seconds)
    now = int(clock.now().timestamp())
    await verifier.verify(issuer.mint(claims={claim: now + leeway_seconds}))
    with pytest.raises(InvalidToken):
        await verifier.verify(issuer.mint(claims={claim: now + leeway_seconds + 1}))


@pytest.mark.parametrize(("leeway_seconds", "status"), [(0, 401), (5, 401), (60, 200)])
async def test_posts_takes_its_leeway_from_its_settings(
    databases: Databases, issuer: Issuer, leeway_seconds: int, status: int
) -> None:
    verifier = issuer.verifier(services.POSTS_URL)
    issuer.audience = services.POSTS_URL
    async with services.posts(databases, verifier, clock_leeway_seconds=leeway_seconds) as posts:
        answer = await posts.http.get("/posts", headers=issuer.bearer(expires_in=-10))
        assert answer.status_code == status


@pytest.mark.parametrize("leeway_seconds", [-1, 60.5, float("nan")])
def test_a_leeway_out_of_its_limits_is_refused(issuer: Issuer, leeway_seconds: float) -> None:
    with pytest.raises(ValueError, match="leeway_seconds"):
        verifier_of(issuer, leeway_seconds)
