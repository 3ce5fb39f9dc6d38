"""The signer writes what python-jose's own function for a whole token writes."""

from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk, jws

from identity_service.keys.signing import Signer

CLAIMS = {"iss": "https://identity.example", "aud": "posts", "exp": 1_900_000_000, "roles": ["user"], "ver": 0}


def test_token_is_the_one_that_python_jose_writes() -> None:
    key = rsa.generate_private_key(65_537, 2_048)
    signer = Signer("first", key)
    for typ in ("at+jwt", "rt+jwt", "at+jwt"):
        expected = jws.sign(CLAIMS, jwk.construct(key, "RS256"), {"typ": typ, "kid": "first"}, "RS256")  # type: ignore[arg-type] # the stubs do not know key objects
        assert signer.sign(CLAIMS, typ) == expected


def test_claims_that_are_not_ascii_are_signed_as_they_are() -> None:
    key = rsa.generate_private_key(65_537, 2_048)
    claims = {"name": "Zoë 🦉"}
    token = Signer("first", key).sign(claims, "secevent+jwt")
    public = jwk.construct(key.public_key(), "RS256")  # type: ignore[arg-type] # as above
    assert jws.verify(token, public, "RS256") == '{"name":"Zoë 🦉"}'.encode()
