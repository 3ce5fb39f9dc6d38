"""Ways to make a token wrong in one place. Each gives a function that makes such a token of an issuer."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm

from watchword.testing import Issuer
from watchword.testing.issuer import base64url, encode

Make = Callable[[Issuer], str]

STRANGERS_KEY: Final = generate_private_key(public_exponent=65_537, key_size=2_048)


def private_key(issuer: Issuer, kid: str | None = None) -> RSAPrivateKey:
    return issuer._keys[kid or issuer.kid]


def pkcs1(key: RSAPrivateKey, message: str, digest: HashAlgorithm | None = None) -> str:
    return base64url(key.sign(message.encode(), padding.PKCS1v15(), digest or SHA256()))


def pss(key: RSAPrivateKey, message: str) -> str:
    return base64url(key.sign(message.encode(), padding.PSS(padding.MGF1(SHA256()), 32), SHA256()))


def parts(issuer: Issuer, **options: Any) -> tuple[str, str, str]:
    """Header, claims and signature of a valid token, still encoded."""
    header, claims, signature = issuer.mint(**options).split(".")
    return header, claims, signature


def decoded(part: str) -> dict[str, Any]:
    members = json.loads(urlsafe_b64decode(part + "=="))
    assert isinstance(members, dict)
    return members


def signed(issuer: Issuer, header: str, claims: str) -> str:
    """A token of these two parts with a valid signature of the issuer."""
    return f"{header}.{claims}.{pkcs1(private_key(issuer), f'{header}.{claims}')}"


def with_header(**header: Any) -> Make:
    return lambda issuer: issuer.mint(header=header)


def with_claims(**claims: Any) -> Make:
    return lambda issuer: issuer.mint(claims=claims)


def with_raw_header(text: str) -> Make:
    return lambda issuer: signed(issuer, base64url(text.encode()), parts(issuer)[1])


def with_raw_claims(text: str) -> Make:
    return lambda issuer: signed(issuer, parts(issuer)[0], base64url(text.encode()))


def with_raw_claim(name: str, value: str) -> Make:
    """A token with this claim as JSON text, which Python's own encoder might not write."""

    def make(issuer: Issuer) -> str:
        header, claims, _ = parts(issuer)
        others = {key: value for key, value in decoded(claims).items() if key != name}
        text = f'{json.dumps(others)[:-1]}, "{name}": {value}}}'
        return signed(issuer, header, base64url(text.encode()))

    return make


def in_seconds(**offsets: float) -> Make:
    """A token with these claims set to so many seconds from now."""

    def make(issuer: Issuer) -> str:
        now = int(issuer.clock.now().timestamp())
        return issuer.mint(claims={name: now + offset for name, offset in offsets.items()})

    return make


def with_algorithm(name: str, sign: Callable[[Issuer, str], str]) -> Make:
    """A token with `name` as its `alg`, and the signature that `sign` makes."""

    def make(issuer: Issuer) -> str:
        header = encode({"alg": name, "typ": "at+jwt", "kid": issuer.kid})
        signing_input = f"{header}.{parts(issuer)[1]}"
        return f"{signing_input}.{sign(issuer, signing_input)}"

    return make


def rearranged(change: Callable[[str, str, str], str]) -> Make:
    """A token that `change` makes of the three parts of a valid one."""
    return lambda issuer: change(*parts(issuer))


def flipped(part: str, at: int) -> str:
    """The part with one bit of its decoded bytes changed."""
    octets = bytearray(urlsafe_b64decode(part + "=="))
    octets[at] ^= 1
    return base64url(bytes(octets))
