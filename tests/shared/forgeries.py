"""Tokens that must be refused. Each is valid but for one thing; `reason` is what the log says, and only the log."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

import pytest
from cryptography.hazmat.primitives.hashes import SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.shared.tokens import (
    STRANGERS_KEY,
    Make,
    flipped,
    in_seconds,
    parts,
    pkcs1,
    private_key,
    pss,
    rearranged,
    signed,
    with_algorithm,
    with_claims,
    with_header,
    with_raw_claim,
    with_raw_claims,
    with_raw_header,
)
from watchword.testing import Issuer
from watchword.testing.issuer import ABSENT, base64url, encode, public_key

SHAPE: Final = "not a compact JWS, or too long"
ALGORITHM: Final = "another algorithm than RS256"
TYPE: Final = "another typ"
KID: Final = "no usable kid"
SIGNATURE: Final = "signature does not verify"
DEEP: Final = "[" * 1_500 + "]" * 1_500


@dataclass(frozen=True)
class Forgery:
    name: str
    reason: str
    make: Make


def _hmac(issuer: Issuer, message: str) -> str:
    """HS256 with the published key as its secret (RFC 8725 section 2.1)."""
    pem = private_key(issuer).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return base64url(hmac.digest(pem, message.encode(), hashlib.sha256))


def _by_the_other_published_key(issuer: Issuer) -> str:
    issuer.rotate("second")
    return issuer.mint(header={"kid": "first"})


def _with_its_own_key(issuer: Issuer) -> str:
    jwk = public_key(issuer.kid, STRANGERS_KEY).as_jwk()
    return issuer.mint(header={"jwk": jwk, "jku": "http://stranger.example/jwks.json"}, key=STRANGERS_KEY)


def _with_the_signature_of_another(issuer: Issuer) -> str:
    header, claims, _ = parts(issuer)
    return f"{header}.{claims}.{parts(issuer)[2]}"


def _unsigned(issuer: Issuer) -> str:
    return f"{encode({'alg': 'none', 'typ': 'at+jwt', 'kid': issuer.kid})}.{parts(issuer)[1]}."


def _signed_with_padding(issuer: Issuer) -> str:
    header, claims, _ = parts(issuer, username="ada", claims={"pad": "x"})
    return signed(issuer, header + "=", claims)


def _signed_in_plain_base64(issuer: Issuer) -> str:
    header, claims, _ = parts(issuer, claims={"pad": "?>" * 9})
    plain = claims.replace("-", "+").replace("_", "/")
    assert plain != claims
    return signed(issuer, header, plain)


def _signed_with_padded_claims(issuer: Issuer) -> str:
    header, claims, _ = parts(issuer)
    return signed(issuer, header, claims + "=" * (-len(claims) % 4 or 4))


TYPES = [
    Forgery("refresh token", TYPE, with_header(typ="rt+jwt")),
    Forgery("security event token", TYPE, with_header(typ="secevent+jwt")),
    Forgery("typ JWT", TYPE, with_header(typ="JWT")),
    Forgery("no typ", TYPE, with_header(typ=ABSENT)),
    Forgery("typ a number", TYPE, with_header(typ=1)),
    Forgery("typ a list", TYPE, with_header(typ=["at+jwt"])),
    Forgery("typ with a blank", TYPE, with_header(typ="at+jwt ")),
]
ALGORITHMS = [
    Forgery("alg none without signature", SHAPE, _unsigned),
    Forgery("alg none with signature", ALGORITHM, with_header(alg="none")),
    Forgery("alg None", ALGORITHM, with_header(alg="None")),
    Forgery("no alg", ALGORITHM, with_header(alg=ABSENT)),
    Forgery("alg a list", ALGORITHM, with_header(alg=["RS256"])),
    Forgery("alg in lower case", ALGORITHM, with_header(alg="rs256")),
    Forgery("HS256 with the public key as secret", ALGORITHM, with_algorithm("HS256", _hmac)),
    Forgery("RS384", ALGORITHM, with_algorithm("RS384", lambda i, m: pkcs1(private_key(i), m, SHA384()))),
    Forgery("PS256", ALGORITHM, with_algorithm("PS256", lambda i, m: pss(private_key(i), m))),
    Forgery("RS256 that is an HMAC", SIGNATURE, with_algorithm("RS256", _hmac)),
    Forgery("RS256 that is PS256", SIGNATURE, with_algorithm("RS256", lambda i, m: pss(private_key(i), m))),
    Forgery("RS256 that is RS512", SIGNATURE, with_algorithm("RS256", lambda i, m: pkcs1(private_key(i), m, SHA512()))),
]
KEYS = [
    Forgery("unknown kid", "unknown kid", with_header(kid="nobody's")),
    Forgery("kid a path", "unknown kid", with_header(kid="../../../../dev/null")),
    Forgery("kid SQL", "unknown kid", with_header(kid="x' UNION SELECT 'key' --")),
    Forgery("kid of another published key", SIGNATURE, _by_the_other_published_key),
    Forgery("no kid", KID, with_header(kid=ABSENT)),
    Forgery("kid a number", KID, with_header(kid=1)),
    Forgery("kid a list", KID, with_header(kid=["first"])),
    Forgery("kid empty", KID, with_header(kid="")),
    Forgery("kid too long", KID, with_header(kid="k" * 129)),
    Forgery("signed by a stranger", SIGNATURE, lambda issuer: issuer.mint(key=STRANGERS_KEY)),
    Forgery("brings its own key", SIGNATURE, _with_its_own_key),
    Forgery("crit", "critical header parameters that are not understood", with_header(crit=["exp"])),
    Forgery("crit empty", "critical header parameters that are not understood", with_header(crit=[])),
    Forgery(
        "unencoded payload", "critical header parameters that are not understood", with_header(b64=False, crit=["b64"])
    ),
]
TIMES = [
    Forgery("expired", "expired", in_seconds(exp=-6)),
    Forgery("issued in the future", "issued in the future", in_seconds(iat=60)),
    Forgery("not valid yet", "not valid yet", in_seconds(nbf=60)),
    Forgery("nbf a text", "nbf is missing or no number", with_claims(nbf="0")),
    Forgery("no exp", "exp is missing or no number", with_claims(exp=ABSENT)),
    Forgery("no iat", "iat is missing or no number", with_claims(iat=ABSENT)),
    Forgery("exp a text", "exp is missing or no number", with_claims(exp="9999999999")),
    Forgery("exp true", "exp is missing or no number", with_claims(exp=True)),
    Forgery("exp null", "exp is missing or no number", with_claims(exp=None)),
    Forgery("exp 1e400", "not JSON", with_raw_claim("exp", "1e400")),
    Forgery("exp of 400 digits", "not JSON", with_raw_claim("exp", "9" * 400)),
    Forgery("exp Infinity", "not JSON", with_raw_claim("exp", "Infinity")),
    Forgery("iat before all time", "iat is missing or no number", with_claims(iat=-1e300)),
    Forgery("exp NaN", "not JSON", with_raw_claim("exp", "NaN")),
]
CLAIMS = [
    Forgery("another issuer", "another issuer", with_claims(iss="http://stranger.example")),
    Forgery("issuer with a slash", "another issuer", lambda issuer: issuer.mint(claims={"iss": issuer.url + "/"})),
    Forgery("no iss", "another issuer", with_claims(iss=ABSENT)),
    Forgery("another audience", "another audience", with_claims(aud="http://elsewhere.example")),
    Forgery("other audiences", "another audience", with_claims(aud=["http://elsewhere.example", None, 1])),
    Forgery("no audience", "another audience", with_claims(aud=[])),
    Forgery("no aud", "another audience", with_claims(aud=ABSENT)),
    Forgery("aud an object", "another audience", lambda issuer: issuer.mint(claims={"aud": {issuer.audience: 1}})),
    Forgery("no sub", "sub is missing or no text", with_claims(sub=ABSENT)),
    Forgery("sub a number", "sub is missing or no text", with_claims(sub=1)),
    Forgery("sub empty", "sub is missing or no text", with_claims(sub="")),
    Forgery("no jti", "jti is missing or no text", with_claims(jti=ABSENT)),
    Forgery("no client_id", "client_id is missing or no text", with_claims(client_id=ABSENT)),
    Forgery("scope a list", "scope is missing or no text", with_claims(scope=["posts:write"])),
    Forgery("roles a text", "roles is no list of texts", with_claims(roles="admin")),
    Forgery("permissions of numbers", "permissions is no list of texts", with_claims(permissions=[1])),
    Forgery("auth_time null", "auth_time is missing or no number", with_claims(auth_time=None)),
    Forgery("auth_time a text", "auth_time is missing or no number", with_claims(auth_time="1700000000")),
    Forgery("auth_time true", "auth_time is missing or no number", with_claims(auth_time=True)),
    Forgery("auth_time negative", "auth_time is missing or no number", with_claims(auth_time=-1)),
    Forgery("auth_time without end", "auth_time is missing or no number", with_raw_claim("auth_time", "1e300")),
    Forgery("acr null", "acr is missing or no text", with_claims(acr=None)),
    Forgery("acr empty", "acr is missing or no text", with_claims(acr="")),
    Forgery("acr a list", "acr is missing or no text", with_claims(acr=["mfa"])),
    Forgery("amr a text", "amr is no list of texts", with_claims(amr="pwd")),
    Forgery("amr null", "amr is no list of texts", with_claims(amr=None)),
    Forgery("amr of numbers", "amr is no list of texts", with_claims(amr=["pwd", 1])),
    Forgery("ver negative", "ver is no whole number", with_claims(ver=-1)),
    Forgery("ver true", "ver is no whole number", with_claims(ver=True)),
    Forgery("ver null", "ver is no whole number", with_claims(ver=None)),
    Forgery("ver a text", "ver is no whole number", with_claims(ver="1")),
    Forgery("ver with a fraction", "ver is no whole number", with_claims(ver=1.5)),
    Forgery("ver beyond all versions", "ver is no whole number", with_claims(ver=2**53)),
    Forgery("rver negative", "rver is no whole number", with_claims(rver=-1)),
    Forgery("rver false", "rver is no whole number", with_claims(rver=False)),
    Forgery("rver a float", "rver is no whole number", with_raw_claim("rver", "1.0")),
]
SHAPES = [
    Forgery("header not JSON", "not JSON", with_raw_header("{alg: RS256}")),
    Forgery("header a list", "not a JSON object", with_raw_header('["RS256"]')),
    Forgery("header not UTF-8", "not JSON", lambda i: signed(i, base64url(b'{"alg":"\xff"}'), parts(i)[1])),
    Forgery("header deeply nested", "not JSON", with_raw_header(f'{{"alg": {DEEP}}}')),
    Forgery("claims not JSON", "not JSON", with_raw_claims("sub=ada")),
    Forgery("claims a text", "not a JSON object", with_raw_claims('"ada"')),
    Forgery("claims deeply nested", "not JSON", with_raw_claims(f'{{"sub": {DEEP}}}')),
    Forgery("padding in a part", SHAPE, _signed_with_padding),
    Forgery("padding after the claims", SHAPE, _signed_with_padded_claims),
    Forgery("padding after the signature", SHAPE, rearranged(lambda h, c, s: f"{h}.{c}.{s}==")),
    Forgery("claims in plain base64", SHAPE, _signed_in_plain_base64),
    Forgery("plain base64", SHAPE, rearranged(lambda h, c, s: f"{h}.{c}.+/{s[2:]}")),
    Forgery("a letter beyond ASCII", SHAPE, rearranged(lambda h, c, s: f"{h}.{c}é.{s}")),
    Forgery("a blank inside", SHAPE, rearranged(lambda h, c, s: f"{h}.{c[:9]} {c[9:]}.{s}")),
    Forgery("a line break inside", SHAPE, rearranged(lambda h, c, s: f"{h}.{c[:9]}\n{c[9:]}.{s}")),
    Forgery("a line break at the end", SHAPE, rearranged(lambda h, c, s: f"{h}.{c}.{s}\n")),
    Forgery("two parts", SHAPE, rearranged(lambda h, c, s: f"{h}.{c}")),
    Forgery("four parts", SHAPE, rearranged(lambda h, c, s: f"{h}.{c}.{s}.{s}")),
    Forgery("header empty", SHAPE, rearranged(lambda h, c, s: f".{c}.{s}")),
    Forgery("claims empty", SHAPE, rearranged(lambda h, c, s: f"{h}..{s}")),
    Forgery("nothing but dots", SHAPE, lambda issuer: ".."),
    Forgery("one text", SHAPE, lambda issuer: "token"),
    Forgery("more than 8 KiB", SHAPE, with_claims(padding="x" * 8_192)),
    Forgery("part of impossible length", "not base64url", rearranged(lambda h, c, s: f"{h}.{c}.{s[:-1]}")),
]
SIGNATURES = [
    Forgery("signature of another token", SIGNATURE, _with_the_signature_of_another),
    Forgery("a bit of the signature", SIGNATURE, rearranged(lambda h, c, s: f"{h}.{c}.{flipped(s, 100)}")),
    Forgery("a bit of the claims", SIGNATURE, rearranged(lambda h, c, s: f"{h}.{flipped(c, 30)}.{s}")),
    Forgery("signature cut short", SIGNATURE, rearranged(lambda h, c, s: f"{h}.{c}.{s[:-2]}")),
    Forgery("signature of zeros", SIGNATURE, rearranged(lambda h, c, s: f"{h}.{c}.{base64url(bytes(256))}")),
]
FORGERIES = [*TYPES, *ALGORITHMS, *KEYS, *TIMES, *CLAIMS, *SHAPES, *SIGNATURES]

each_forgery = pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name.replace(" ", "_"))
