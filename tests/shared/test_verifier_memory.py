"""A verified token is remembered: its signature is not verified again, and everything else is checked again."""

import contextlib

import pytest

from tests.shared.tokens import STRANGERS_KEY
from watchword.auth import InvalidToken, Verifier
from watchword.auth.public_key import PublicKey, RsaVerificationKey
from watchword.testing import Issuer, StandingClock
from watchword.testing.issuer import public_key


class ReplaceableKeys:
    """An issuer's keys, of which a test can replace some."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self.replaced: dict[str, PublicKey] = {}

    def find(self, kid: str) -> PublicKey | None:
        return self.replaced.get(kid) or self._issuer.find(kid)

    async def get(self, kid: str) -> PublicKey:
        return self.replaced.get(kid) or await self._issuer.get(kid)


@pytest.fixture
def issuer(clock: StandingClock) -> Issuer:
    return Issuer(clock=clock)


@pytest.fixture
def keys(issuer: Issuer) -> ReplaceableKeys:
    return ReplaceableKeys(issuer)


@pytest.fixture
def verified_signatures(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The signatures that were verified with an RSA operation, whatever its outcome."""
    signatures: list[bytes] = []
    verify = RsaVerificationKey.accepts

    def accepts(key: RsaVerificationKey, signing_input: bytes, signature: bytes) -> bool:
        signatures.append(signature)
        return verify(key, signing_input, signature)

    monkeypatch.setattr(RsaVerificationKey, "accepts", accepts)
    return signatures


async def is_remembered(verifier: Verifier, token: str) -> bool:
    """Whether the verifier accepts this token without its signature."""
    before = verifier.outcomes["remembered"]
    with contextlib.suppress(InvalidToken):
        await verifier.verify(token)
    return verifier.outcomes["remembered"] > before


def verifier_of(issuer: Issuer, keys: ReplaceableKeys, *, remember: int = 100) -> Verifier:
    return Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys, clock=issuer.clock, remember=remember)


async def test_signature_of_a_remembered_token_is_not_verified_again(
    issuer: Issuer, keys: ReplaceableKeys, verified_signatures: list[bytes]
) -> None:
    verifier, token = verifier_of(issuer, keys), issuer.mint()
    principal = await verifier.verify(token)
    assert [await verifier.verify(token) for _ in range(10)] == [principal] * 10
    assert len(verified_signatures) == 1
    assert (verifier.outcomes["accepted"], verifier.outcomes["remembered"]) == (1, 10)


async def test_only_the_exact_token_is_remembered(issuer: Issuer, keys: ReplaceableKeys) -> None:
    verifier, token = verifier_of(issuer, keys), issuer.mint()
    await verifier.verify(token)
    header, claims, signature = token.split(".")
    for other in (f"{header}.{claims}.{'A' * len(signature)}", f"{token} "):
        with pytest.raises(InvalidToken):
            await verifier.verify(other)


async def test_remembered_token_expires(issuer: Issuer, keys: ReplaceableKeys, clock: StandingClock) -> None:
    verifier, token = verifier_of(issuer, keys), issuer.mint(expires_in=600)
    await verifier.verify(token)
    clock.advance(seconds=604)
    assert await is_remembered(verifier, token)
    clock.advance(seconds=2)
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(token)
    assert refusal.value.reason == "expired"


async def test_remembered_token_goes_with_its_key(issuer: Issuer, keys: ReplaceableKeys) -> None:
    verifier, token = verifier_of(issuer, keys), issuer.mint()
    await verifier.verify(token)
    issuer.rotate("second")
    issuer.withdraw("first")
    with pytest.raises(InvalidToken, match="unknown kid"):
        await verifier.verify(token)


async def test_remembered_token_goes_when_its_kid_names_another_key(issuer: Issuer, keys: ReplaceableKeys) -> None:
    verifier, token = verifier_of(issuer, keys), issuer.mint()
    await verifier.verify(token)
    keys.replaced["first"] = public_key("first", STRANGERS_KEY)
    with pytest.raises(InvalidToken, match="signature does not verify"):
        await verifier.verify(token)


async def test_no_more_tokens_are_remembered_than_allowed_and_the_oldest_goes_first(
    issuer: Issuer, keys: ReplaceableKeys
) -> None:
    verifier = verifier_of(issuer, keys, remember=3)
    tokens = [issuer.mint() for _ in range(20)]
    for token in tokens:
        await verifier.verify(token)
    # The newest first: verifying a token that is not remembered makes another one go.
    assert [await is_remembered(verifier, token) for token in reversed(tokens)] == [True] * 3 + [False] * 17


async def test_of_many_tokens_a_hundredth_goes_at_once(issuer: Issuer, keys: ReplaceableKeys) -> None:
    verifier = verifier_of(issuer, keys, remember=200)
    tokens = [issuer.mint() for _ in range(201)]
    for token in tokens:
        await verifier.verify(token)
    assert [await is_remembered(verifier, token) for token in tokens[3:]] == [True] * 198
    assert not await is_remembered(verifier, tokens[2])


async def test_verifying_a_remembered_token_again_drops_no_other(issuer: Issuer, keys: ReplaceableKeys) -> None:
    verifier = verifier_of(issuer, keys, remember=3)
    tokens = [issuer.mint() for _ in range(3)]
    for token in [*tokens, tokens[-1], tokens[-1]]:
        await verifier.verify(token)
    assert [await is_remembered(verifier, token) for token in tokens] == [True] * 3


async def test_a_verifier_can_be_made_to_remember_nothing(
    issuer: Issuer, keys: ReplaceableKeys, verified_signatures: list[bytes]
) -> None:
    verifier, token = verifier_of(issuer, keys, remember=0), issuer.mint()
    assert await verifier.verify(token) == await verifier.verify(token)
    assert (len(verified_signatures), verifier.outcomes["remembered"]) == (2, 0)


async def test_remembered_tokens_that_say_the_same_share_what_they_say(issuer: Issuer, keys: ReplaceableKeys) -> None:
    verifier, words = verifier_of(issuer, keys), {"roles": ["user"], "permissions": ["post:create"], "scope": "a b"}
    one, other = [await verifier.verify(issuer.mint(claims=words)) for _ in range(2)]
    assert one.roles == {"user"}
    assert one.permissions == {"post:create"}
    assert one.scopes == {"a", "b"}
    assert one.roles is other.roles
    assert one.permissions is other.permissions
    assert one.scopes is other.scopes
