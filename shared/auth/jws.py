"""Opens compact JWS tokens of one kind that one issuer signed. The only module of `shared` that speaks JOSE.

python-jose by itself takes a token of any `typ`, with an unknown `crit`, or signed by another key than its `kid`
names, and lets the token choose its algorithm; here each of these is refused before a signature is looked at.
"""

import binascii
import json
import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Collection
from typing import Any, Final

from jose import jwk
from jose.constants import ALGORITHMS
from jose.exceptions import JOSEError

from shared.auth.errors import InvalidToken
from shared.auth.jwks import KeySource, PublicKey

MAX_TOKEN_BYTES: Final = 8_192
LEEWAY_SECONDS: Final = 5

# Base64url without padding and nothing else: three parts (RFC 7515 section 3.1).
_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class RsaVerificationKey:
    """One RSA public key, parsed once. Verifies RS256 and nothing else."""

    __slots__ = ("_key", "public")

    def __init__(self, public: PublicKey) -> None:
        self.public = public
        self._key = jwk.construct(public.as_jwk(), ALGORITHMS.RS256)

    def accepts(self, signing_input: bytes, signature: bytes) -> bool:
        try:
            return bool(self._key.verify(signing_input, signature))
        except (JOSEError, ValueError):
            return False


class JwsReader:
    """Opens tokens whose header says RS256, one of `types` (lower case) and a `kid` that `keys` has."""

    def __init__(self, keys: KeySource, types: Collection[str]) -> None:
        self._keys = keys
        self._types = frozenset(types)
        self._prepared: dict[str, RsaVerificationKey] = {}

    async def read(self, token: str) -> tuple[dict[str, Any], PublicKey]:
        """The claims of a token with a good signature, and the key it was made with; no claim is judged here.

        Raises InvalidToken with the reason for the log; KeysUnavailable where there is nothing to judge by.
        """
        parts = _COMPACT.fullmatch(token) if len(token) <= MAX_TOKEN_BYTES else None
        if parts is None:
            raise InvalidToken("not a compact JWS, or too long")
        public = await self._keys.get(self._kid_of(parts[1]))
        if not self._prepare(public).accepts(token[: parts.end(2)].encode(), _decode(parts[3])):
            raise InvalidToken("signature does not verify")
        return _json_object(parts[2]), public

    def _kid_of(self, header_part: str) -> str:
        """The key that an unverified header names, once everything else in that header is as it must be."""
        header = _json_object(header_part)
        if header.get("alg") != ALGORITHMS.RS256:
            raise InvalidToken("another algorithm than RS256")
        if not isinstance(kind := header.get("typ"), str) or kind.lower() not in self._types:
            raise InvalidToken("another typ")
        if "crit" in header:
            raise InvalidToken("critical header parameters that are not understood")
        kid = header.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= 128:
            raise InvalidToken("no usable kid")
        return kid

    def _prepare(self, public: PublicKey) -> RsaVerificationKey:
        prepared = self._prepared.get(public.kid)
        if prepared is None or prepared.public is not public:
            # Keys that are no longer served go, so that this holds no more than the issuer does.
            self._prepared = {k: p for k, p in self._prepared.items() if self._keys.find(k) is p.public}
            prepared = self._prepared[public.kid] = RsaVerificationKey(public)
        return prepared


def number(claims: dict[str, Any], name: str) -> float:
    """A NumericDate, which is a JSON number (RFC 7519 section 2). InvalidToken where it is none."""
    value = claims.get(name)
    # true is an int to Python, and 1e400 is infinite.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidToken(f"{name} is missing or no number")
    return float(value)


def text(claims: dict[str, Any], name: str) -> str:
    """A text that is not empty. InvalidToken where it is none."""
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidToken(f"{name} is missing or no text")
    return value


def texts(claims: dict[str, Any], name: str) -> frozenset[str]:
    """A list of texts, which may be absent. InvalidToken where it is something else."""
    value = claims.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidToken(f"{name} is no list of texts")
    return frozenset(value)


def ensure_current(claims: dict[str, Any], now: float) -> None:
    """`exp` in the future; `iat`, and `nbf` where there is one, not. Five seconds of leeway each way."""
    if number(claims, "exp") <= now - LEEWAY_SECONDS:
        raise InvalidToken("expired")
    if number(claims, "iat") > now + LEEWAY_SECONDS:
        raise InvalidToken("issued in the future")
    if "nbf" in claims and number(claims, "nbf") > now + LEEWAY_SECONDS:
        raise InvalidToken("not valid yet")


def ensure_meant_for(claims: dict[str, Any], issuer: str, audience: str) -> None:
    """`iss` is this issuer exactly; `aud`, one text or a list of them, names this audience."""
    if claims.get("iss") != issuer:
        raise InvalidToken("another issuer")
    meant_for = claims.get("aud")
    if audience not in (meant_for if isinstance(meant_for, list) else [meant_for]):
        raise InvalidToken("another audience")


def _decode(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise InvalidToken("not base64url") from None


def _json_object(part: str) -> dict[str, Any]:
    try:
        decoded = json.loads(_decode(part))
    except (ValueError, RecursionError):
        raise InvalidToken("not JSON") from None
    if not isinstance(decoded, dict):
        raise InvalidToken("not a JSON object")
    return decoded
