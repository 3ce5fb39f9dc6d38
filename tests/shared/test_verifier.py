"""Tokens that the verifier accepts, and the principals that it makes of them."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared.receivers import principal
from tests.shared.tokens import with_raw_claim
from watchword.auth import InvalidToken, NotPermitted, Verifier
from watchword.auth.jws import LAST_INSTANT
from watchword.auth.principal import instant
from watchword.testing import Issuer, StandingClock
from watchword.testing.issuer import ABSENT


@pytest.fixture
def verifier(issuer: Issuer) -> Verifier:
    return issuer.verifier()


async def test_principal_is_what_the_token_says(verifier: Verifier, issuer: Issuer) -> None:
    token = issuer.mint(
        "ada's id",
        scope="posts:write account",
        roles=["admin", "user"],
        permissions=["post:edit_any"],
        claims={"sid": "a session", "client_id": "a client", "jti": "a token", "iat": 1_000},
    )
    principal = await verifier.verify(token)
    assert (principal.subject, principal.username) == ("ada's id", "ada")
    assert (principal.client_id, principal.session_id, principal.token_id) == ("a client", "a session", "a token")
    assert principal.scopes == {"posts:write", "account"}
    assert principal.has_role("admin")
    assert not principal.has_role("moderator")
    assert principal.may("post:edit_any")
    assert not principal.may("post:delete_any")
    assert principal.issued_at == datetime(1970, 1, 1, 0, 16, 40, tzinfo=UTC)
    assert principal.expires_at.tzinfo is UTC


async def test_versions_are_what_the_token_says_and_count_as_0_without_it(verifier: Verifier, issuer: Issuer) -> None:
    counted = await verifier.verify(issuer.mint(version=2**53 - 1, role_version=7))
    assert (counted.version, counted.role_version) == (2**53 - 1, 7)
    uncounted = await verifier.verify(issuer.mint())
    assert (uncounted.version, uncounted.role_version) == (0, 0)


async def test_a_client_on_its_own_behalf_is_a_principal_without_a_person(verifier: Verifier, issuer: Issuer) -> None:
    principal = await verifier.verify(issuer.mint("a-client", username=None))
    assert (principal.subject, principal.username, principal.session_id) == ("a-client", None, None)
    assert principal.scopes == frozenset()


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+JWT"])
async def test_media_type_of_a_token_is_compared_without_case(verifier: Verifier, issuer: Issuer, typ: str) -> None:
    assert await verifier.verify(issuer.mint(header={"typ": typ}))


async def test_audience_may_be_one_of_several(verifier: Verifier, issuer: Issuer) -> None:
    assert await verifier.verify(issuer.mint(claims={"aud": ["http://elsewhere.example", issuer.audience]}))


@pytest.mark.parametrize("absent", ["scope", "sid", "roles", "permissions", "preferred_username"])
async def test_claims_that_no_rule_requires_may_be_absent(verifier: Verifier, issuer: Issuer, absent: str) -> None:
    assert await verifier.verify(issuer.mint(claims={absent: ABSENT}))


async def test_instants_may_have_fractions(verifier: Verifier, issuer: Issuer) -> None:
    token = with_raw_claim("exp", "9999999999.5")(issuer)
    assert (await verifier.verify(token)).expires_at == datetime(2286, 11, 20, 17, 46, 39, 500_000, tzinfo=UTC)


async def test_unknown_claims_and_header_parameters_are_ignored(verifier: Verifier, issuer: Issuer) -> None:
    assert await verifier.verify(issuer.mint(claims={"anything": {"else": []}}, header={"anything": "else"}))


async def test_tokens_of_every_published_key_are_accepted(verifier: Verifier, issuer: Issuer) -> None:
    before = issuer.mint()
    issuer.rotate("second")
    assert await verifier.verify(before)
    assert await verifier.verify(issuer.mint())


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
async def test_clocks_may_differ_by_five_seconds_and_no_more(clock: StandingClock, name: str) -> None:
    issuer = Issuer(clock=clock)
    now = int(clock.now().timestamp())
    clock.advance(seconds=now - clock.now().timestamp())
    valid, invalid = (now - 4.9, now - 5) if name == "exp" else (now + 5, now + 5.1)
    assert await issuer.verifier().verify(issuer.mint(claims={name: valid}))
    with pytest.raises(InvalidToken):
        await issuer.verifier().verify(issuer.mint(claims={name: invalid}))


async def test_token_may_expire_at_the_last_instant_and_is_remembered_until_then(
    verifier: Verifier, issuer: Issuer
) -> None:
    token = issuer.mint(claims={"exp": LAST_INSTANT})
    assert (await verifier.verify(token)).expires_at == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    await verifier.verify(token)
    assert verifier.outcomes["remembered"] == 1


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_000.5, datetime(1970, 1, 1, 0, 16, 40, 500_000, tzinfo=UTC)),
        (999.999_999_999, datetime(1970, 1, 1, 0, 16, 39, 999_999, tzinfo=UTC)),
        (LAST_INSTANT, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_instant_is_rounded_down(seconds: float, expected: datetime) -> None:
    assert instant(seconds) == expected


@given(st.floats(0, LAST_INSTANT, exclude_max=True))
def test_instant_is_before_a_whole_second_exactly_if_the_number_is(seconds: float) -> None:
    for whole in (math.floor(seconds), math.ceil(seconds), math.floor(seconds) + 1):
        assert (instant(seconds).timestamp() < whole) == (seconds < whole)


@pytest.mark.parametrize(
    "subject",
    [
        "ada",
        "",
        "018F0000-0000-7000-8000-000000000000",
        "018f000000007000800000000000",
        "{018f0000-0000-7000-8000-000000000000}",
    ],
)
async def test_person_has_a_uuid_in_canonical_form(subject: str) -> None:
    with pytest.raises(NotPermitted):
        principal(subject, "018f0000-0000-7000-8000-000000000000").person_id()
    with pytest.raises(NotPermitted):
        principal("018f0000-0000-7000-8000-000000000000", subject).own_session_id()


def test_service_on_its_own_behalf_has_no_person_and_no_session() -> None:
    service = principal("018f0000-0000-7000-8000-000000000000", None)
    with pytest.raises(NotPermitted):
        service.person_id()
    with pytest.raises(NotPermitted):
        service.own_session_id()
