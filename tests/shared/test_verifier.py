"""What the verifier accepts, and what it tells of the caller."""

import pytest

from tests.shared.tokens import with_raw_claim
from watchword.auth import InvalidToken, Verifier
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
    assert principal.issued.timestamp() == 1_000


async def test_a_client_that_speaks_for_itself_is_a_principal_without_a_person(
    verifier: Verifier, issuer: Issuer
) -> None:
    principal = await verifier.verify(issuer.mint("a-client", username=None))
    assert (principal.subject, principal.username, principal.session_id) == ("a-client", None, None)
    assert principal.scopes == frozenset()


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+JWT"])
async def test_media_type_of_a_token_is_compared_without_case(verifier: Verifier, issuer: Issuer, typ: str) -> None:
    assert await verifier.verify(issuer.mint(header={"typ": typ}))


async def test_audience_may_be_one_of_several(verifier: Verifier, issuer: Issuer) -> None:
    assert await verifier.verify(issuer.mint(claims={"aud": ["http://elsewhere.example", issuer.audience]}))


@pytest.mark.parametrize("absent", ["scope", "sid", "roles", "permissions", "preferred_username"])
async def test_claims_that_no_rule_asks_for_may_be_absent(verifier: Verifier, issuer: Issuer, absent: str) -> None:
    assert await verifier.verify(issuer.mint(claims={absent: ABSENT}))


async def test_instants_may_have_fractions(verifier: Verifier, issuer: Issuer) -> None:
    token = with_raw_claim("exp", "9999999999.5")(issuer)
    assert (await verifier.verify(token)).expires_at == 9_999_999_999.5


async def test_unknown_claims_and_header_parameters_are_ignored(verifier: Verifier, issuer: Issuer) -> None:
    assert await verifier.verify(issuer.mint(claims={"anything": {"else": []}}, header={"anything": "else"}))


async def test_tokens_of_every_published_key_are_accepted(verifier: Verifier, issuer: Issuer) -> None:
    before = issuer.mint()
    issuer.rotate("second")
    assert await verifier.verify(before)
    assert await verifier.verify(issuer.mint())


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
async def test_clocks_may_differ_by_five_seconds_and_no_more(name: str) -> None:
    clock = StandingClock()
    issuer = Issuer(clock=clock)
    now = int(clock.now().timestamp())
    clock.advance(seconds=now - clock.now().timestamp())
    good, bad = (now - 4.9, now - 5) if name == "exp" else (now + 5, now + 5.1)
    assert await issuer.verifier().verify(issuer.mint(claims={name: good}))
    with pytest.raises(InvalidToken):
        await issuer.verifier().verify(issuer.mint(claims={name: bad}))
