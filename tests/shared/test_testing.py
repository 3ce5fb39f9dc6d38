"""`watchword.testing`, for the tests of other services."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.shared.tokens import STRANGERS_KEY, decoded
from watchword.auth import InvalidToken, RemoteKeys, Verifier
from watchword.testing import Issuer, StandingClock
from watchword.testing.issuer import ABSENT

ROOT = Path(__file__).parents[2]


def test_fixture_gives_an_issuer(issuer: Issuer) -> None:
    assert isinstance(issuer, Issuer)


async def test_its_verifier_accepts_its_tokens(issuer: Issuer) -> None:
    principal = await issuer.verifier().verify(issuer.mint("ada", scope="a b", roles=["user"], permissions=["p"]))
    assert (principal.subject, principal.username) == ("ada", "ada")
    assert (set(principal.scopes), set(principal.roles), set(principal.permissions)) == ({"a", "b"}, {"user"}, {"p"})


async def test_its_tokens_say_when_and_how_the_person_signed_in_only_if_that_is_given(issuer: Issuer) -> None:
    full = await issuer.verifier().verify(issuer.mint(auth_time=1_800_000_000, acr="mfa", amr=["pwd", "otp"]))
    assert full.authenticated_at == datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert (full.acr, full.amr) == ("mfa", frozenset({"pwd", "otp"}))
    silent = await issuer.verifier().verify(issuer.mint())
    assert (silent.authenticated_at, silent.acr, silent.amr) == (None, None, frozenset())
    with pytest.raises(TypeError, match="amr are several texts"):
        issuer.mint(amr="pwd")


async def test_every_token_has_another_subject_unless_one_is_named(issuer: Issuer) -> None:
    first, second = [await issuer.verifier().verify(issuer.mint()) for _ in range(2)]
    assert first.subject != second.subject
    assert first.token_id != second.token_id
    assert first.person_id() != second.person_id()


async def test_verifier_may_be_of_another_audience(issuer: Issuer) -> None:
    with pytest.raises(InvalidToken, match="another audience"):
        await issuer.verifier("http://elsewhere.example").verify(issuer.mint())
    elsewhere = issuer.mint(claims={"aud": "http://elsewhere.example"})
    assert await issuer.verifier("http://elsewhere.example").verify(elsewhere)


async def test_claims_and_header_parameters_are_replaced_or_left_out(issuer: Issuer) -> None:
    token = issuer.mint(claims={"sid": ABSENT, "extra": 1}, header={"typ": ABSENT, "extra": 2})
    header, claims = (decoded(part) for part in token.split(".")[:2])
    assert ("sid" in claims, claims["extra"]) == (False, 1)
    assert ("typ" in header, header["extra"]) == (False, 2)


async def test_tokens_of_a_service_have_no_person(issuer: Issuer) -> None:
    principal = await issuer.verifier().verify(issuer.mint("a-client", username=None))
    assert principal.session_id is None


async def test_another_key_may_sign(issuer: Issuer) -> None:
    with pytest.raises(InvalidToken, match="signature"):
        await issuer.verifier().verify(issuer.mint(key=STRANGERS_KEY))


async def test_rotation_keeps_the_old_key_until_it_is_withdrawn(issuer: Issuer) -> None:
    verifier, before = issuer.verifier(), issuer.mint()
    issuer.rotate("second")
    after = issuer.mint()
    assert decoded(after.split(".")[0])["kid"] == "second"
    assert await verifier.verify(before)
    assert await verifier.verify(after)
    issuer.withdraw("first")
    with pytest.raises(InvalidToken, match="unknown kid"):
        await verifier.verify(before)
    assert await verifier.verify(after)


async def test_remote_keys_find_it_without_a_network(issuer: Issuer) -> None:
    keys = RemoteKeys("http://issuer.example/jwks.json", transport=issuer.transport(), cooldown=0)
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)
    assert await verifier.verify(issuer.mint())
    issuer.rotate("second")
    assert await verifier.verify(issuer.mint())


async def test_its_clock_is_its_verifiers_too() -> None:
    clock = StandingClock(datetime(2030, 1, 1, tzinfo=UTC))
    issuer = Issuer(clock=clock)
    token = issuer.mint(expires_in=60)
    assert (await issuer.verifier().verify(token)).issued_at == datetime(2030, 1, 1, tzinfo=UTC)
    clock.advance(minutes=2)
    with pytest.raises(InvalidToken, match="expired"):
        await issuer.verifier().verify(token)


def test_standing_clock_moves_by_advance_alone() -> None:
    clock = StandingClock()
    start = clock.now()
    assert clock.now() == start
    assert start.tzinfo is UTC
    clock.advance(days=1, seconds=-1)
    assert clock.now() - start == timedelta(days=1, seconds=-1)


async def test_token_of_another_issuer_is_refused_though_keys_are_shared_among_test_issuers(issuer: Issuer) -> None:
    other = Issuer("http://other.example", issuer.audience)
    with pytest.raises(InvalidToken, match="another issuer"):
        await issuer.verifier().verify(other.mint())


def test_plugin_is_all_that_a_project_of_its_own_needs(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(issuer):\n    assert issuer.bearer()['Authorization']\n")
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    ended = subprocess.run(
        run, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout
