"""The keys of a JWKS that are used: RSA keys of 2048 to 8192 bits, for RS256 signatures (RFC 7517, RFC 7518)."""

from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, SHA512

from tests.shared.tokens import STRANGERS_KEY
from watchword.auth import InvalidToken, RemoteKeys, Verifier
from watchword.auth.public_key import RsaVerificationKey, usable_keys
from watchword.testing import Issuer
from watchword.testing.issuer import base64url, public_key

SMALL_KEY = generate_private_key(public_exponent=65_537, key_size=1_024)  # noqa: S505
VALID = public_key("tried", STRANGERS_KEY).as_jwk()
SMALL = public_key("tried", SMALL_KEY).as_jwk()


def verifier_of(issuer: Issuer, jwk: dict[str, Any]) -> Verifier:
    """A verifier whose issuer publishes this key beside its own."""
    document = {"keys": [*issuer.jwks()["keys"], jwk], "unknown": True}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=document))
    keys = RemoteKeys("http://issuer.example/jwks.json", transport=transport)
    return Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param(VALID, id="whole"),
        pytest.param({k: v for k, v in VALID.items() if k not in ("use", "alg")}, id="without_use_and_alg"),
        pytest.param({**VALID, "key_ops": ["verify"]}, id="for_verifying"),
        pytest.param({**VALID, "x5t": "unknown", "anything": {"else": 1}}, id="unknown_members"),
    ],
)
async def test_published_key_is_used(issuer: Issuer, jwk: dict[str, Any]) -> None:
    token = issuer.mint("ada", header={"kid": "tried"}, key=STRANGERS_KEY)
    assert (await verifier_of(issuer, jwk).verify(token)).subject == "ada"


@pytest.mark.parametrize(
    ("jwk", "key"),
    [
        pytest.param(SMALL, SMALL_KEY, id="1024_bits"),
        pytest.param({**VALID, "alg": "PS256"}, STRANGERS_KEY, id="for_PS256"),
        pytest.param({**VALID, "alg": "RS512"}, STRANGERS_KEY, id="for_RS512"),
        pytest.param({**VALID, "alg": None}, STRANGERS_KEY, id="alg_null"),
        pytest.param({**VALID, "use": "enc"}, STRANGERS_KEY, id="for_encryption"),
        pytest.param({**VALID, "key_ops": ["encrypt"]}, STRANGERS_KEY, id="only_to_encrypt"),
        pytest.param({**VALID, "key_ops": "verify"}, STRANGERS_KEY, id="key_ops_a_text"),
        pytest.param({**VALID, "kty": "oct", "k": "c2VjcmV0"}, STRANGERS_KEY, id="secret"),
        pytest.param({**VALID, "kty": "EC", "crv": "P-256"}, STRANGERS_KEY, id="elliptic"),
        pytest.param({**VALID, "kty": "rsa"}, STRANGERS_KEY, id="kty_in_lower_case"),
        pytest.param({k: v for k, v in VALID.items() if k != "kid"}, STRANGERS_KEY, id="without_kid"),
        pytest.param({k: v for k, v in VALID.items() if k != "e"}, STRANGERS_KEY, id="without_exponent"),
        pytest.param({**VALID, "e": "AQ"}, STRANGERS_KEY, id="exponent_1"),
        pytest.param({**VALID, "e": "Ag"}, STRANGERS_KEY, id="exponent_2"),
        pytest.param({**VALID, "e": "BA"}, STRANGERS_KEY, id="exponent_4"),
        pytest.param({**VALID, "e": VALID["n"]}, STRANGERS_KEY, id="exponent_as_large_as_the_modulus"),
        pytest.param({**VALID, "e": base64url(b"\x01" * 40)}, STRANGERS_KEY, id="exponent_of_40_bytes"),
        pytest.param({**VALID, "n": base64url(b"\xff" * 255 + b"\xfe")}, STRANGERS_KEY, id="even_modulus"),
        pytest.param({**VALID, "n": base64url(b"\xff" * 8_192)}, STRANGERS_KEY, id="65536_bits"),
    ],
)
async def test_published_key_is_not_used_and_harms_no_other(issuer: Issuer, jwk: dict[str, Any], key: Any) -> None:
    verifier = verifier_of(issuer, jwk)
    with pytest.raises(InvalidToken, match="unknown kid"):
        await verifier.verify(issuer.mint(header={"kid": "tried"}, key=key))
    assert await verifier.verify(issuer.mint())


def test_private_members_of_a_key_are_ignored() -> None:
    [key] = usable_keys({"keys": [{**VALID, "d": "secret", "p": "secret", "q": "secret"}]})
    assert key.as_jwk() == VALID
    assert "secret" not in repr(key)


def test_key_verifies_rs256_signatures_of_its_own_and_no_others() -> None:
    key = RsaVerificationKey(public_key("tried", STRANGERS_KEY))
    signature = STRANGERS_KEY.sign(b"message", padding.PKCS1v15(), SHA256())
    assert key.accepts(b"message", signature)
    assert not key.accepts(b"another", signature)
    assert not key.accepts(b"message", b"")
    assert not key.accepts(b"message", STRANGERS_KEY.sign(b"message", padding.PKCS1v15(), SHA512()))
    assert not key.accepts(
        b"message", STRANGERS_KEY.sign(b"message", padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    )
