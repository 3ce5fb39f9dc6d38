"""Reads compact JWS tokens (RFC 7515) of one kind, signed with RS256 by one issuer, and checks their claims.

A JOSE library lets the token choose its algorithm, its key and its type. Here the reader decides: a header with
another `alg` or `typ`, with a `crit`, or without a known `kid` is refused before any signature is verified.
"""

import string
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson

from watchword.auth.errors import Flaw, InvalidToken
from watchword.auth.public_key import ALGORITHM, KeySource, PublicKey, RsaVerificationKey

MAX_TOKEN_BYTES: Final = 8_192
LEEWAY_SECONDS: Final = 5
MAX_LEEWAY_SECONDS: Final = 60
LAST_INSTANT: Final = 253_402_300_799
"""The last second of the year 9999."""

LARGEST_COUNT: Final = 2**53 - 1

_BASE64URL: Final = (string.ascii_letters + string.digits + "-_").encode()
# A character that only base64 has becomes "!", which is in neither alphabet, so that a strict decoder refuses it.
_TO_BASE64: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDINGS: Final = (b"", b"=", b"==", b"===")
_MISSHAPEN: Final = "not a compact JWS, or too long"
NO_TEXTS: Final[frozenset[str]] = frozenset()
_MAX_KNOWN_HEADERS: Final = 64


class JwsReader:
    """Reads tokens whose header has `alg` RS256, a `typ` of `types` (in lower case) and a `kid` that `keys` knows."""

    def __init__(self, keys: KeySource, types: Collection[str]) -> None:
        self._keys = keys
        self._types = frozenset(types)
        self._prepared: dict[str, RsaVerificationKey] = {}
        # An issuer writes the same few headers again and again. Only headers under a valid signature get in here.
        self._known_headers: dict[bytes, str] = {}

    async def read(self, token: str) -> tuple[dict[str, Any], PublicKey]:
        """The claims of a token whose signature is valid, and the key that signed it. No claim is checked here.

        Raises InvalidToken with the reason for the log; KeysUnavailable if the keys could not be fetched.
        """
        raw = token.encode("utf-8", "surrogatepass")
        # Three parts (RFC 7515 section 3.1): the last dot is before the signature, and a further one is no base64url.
        signing_input, _, signature_part = raw.rpartition(b".")
        header_part, _, claims_part = signing_input.partition(b".")
        if len(raw) > MAX_TOKEN_BYTES or not (header_part and claims_part and signature_part):
            raise InvalidToken(_MISSHAPEN)
        claims, signature = _decode(claims_part), _decode(signature_part)
        known_kid = self._known_headers.get(header_part)
        kid = known_kid or self._kid_of(header_part)
        # Most keys are in memory, and `find` needs no coroutine for each token.
        public = self._keys.find(kid) or await self._keys.get(kid)
        prepared = self._prepared.get(public.kid)
        if prepared is None or prepared.public is not public:
            prepared = self._prepare(public)
        if not prepared.accepts(signing_input, signature):
            raise InvalidToken("signature does not verify", Flaw.SIGNATURE)
        if known_kid is None and len(self._known_headers) < _MAX_KNOWN_HEADERS:
            self._known_headers[header_part] = kid
        return _json_object(claims), public

    def _kid_of(self, header_part: bytes) -> str:
        """The `kid` of an unverified header. Raises InvalidToken if any other member of the header is wrong."""
        header = _json_object(_decode(header_part))
        if header.get("alg") != ALGORITHM:
            raise InvalidToken("another algorithm than RS256", Flaw.ALGORITHM)
        if not isinstance(kind := header.get("typ"), str) or kind.lower() not in self._types:
            raise InvalidToken("another typ", Flaw.TYPE)
        if "crit" in header:
            raise InvalidToken("critical header parameters that are not understood")
        kid = header.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= 128:
            raise InvalidToken("no usable kid")
        return kid

    def _prepare(self, public: PublicKey) -> RsaVerificationKey:
        """Parse a key for all the tokens that it signs."""
        # Drop keys that the issuer has stopped publishing, so that this does not grow with each rotation.
        self._prepared = {k: p for k, p in self._prepared.items() if self._keys.find(k) is p.public}
        prepared = self._prepared[public.kid] = RsaVerificationKey(public)
        return prepared


def instant_or_none(value: object) -> float | None:
    """A NumericDate, a JSON number (RFC 7519 section 2), as seconds since 1970; None for anything else."""
    # To Python true is an int. A number that is infinite, NaN or beyond the last datetime is no instant.
    if (type(value) is int or type(value) is float) and 0 <= value <= LAST_INSTANT:
        return float(value)
    return None


def number(claims: dict[str, Any], name: str) -> float:
    """A claim that is a NumericDate. Raises InvalidToken if it is anything else."""
    value = claims.get(name)
    # What `instant_or_none` gives for the numbers that issuers write, without a call.
    if type(value) is int and 0 <= value <= LAST_INSTANT:
        return value
    if (instant := instant_or_none(value)) is None:
        raise InvalidToken(f"{name} is missing or no number", Flaw.CLAIMS)
    return instant


def counter(claims: Mapping[str, Any], name: str) -> int:
    """A claim that counts: a whole number, 0 if it is absent. Raises InvalidToken if it is anything else."""
    value = claims.get(name, 0)
    # To Python true is an int.
    if type(value) is not int or not 0 <= value <= LARGEST_COUNT:
        raise InvalidToken(f"{name} is no whole number", Flaw.CLAIMS)
    return value


def text(claims: dict[str, Any], name: str) -> str:
    """A claim that is a string and not empty. Raises InvalidToken if it is anything else."""
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidToken(f"{name} is missing or no text", Flaw.CLAIMS)
    return value


def texts(claims: dict[str, Any], name: str) -> frozenset[str]:
    """A claim that is a list of strings or absent. Raises InvalidToken if it is anything else."""
    value = claims.get(name, [])
    # Most lists are empty: there is no member to look at.
    if value == []:
        return NO_TEXTS
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidToken(f"{name} is no list of texts", Flaw.CLAIMS)
    return _shared_set(tuple(value))


@lru_cache(maxsize=1_024)
def _shared_set(members: tuple[str, ...]) -> frozenset[str]:
    """The set of these texts. An issuer writes the same few again and again, and equal ones are one object."""
    return frozenset(members)


@lru_cache(maxsize=1_024)
def scopes_in(scope: str) -> frozenset[str]:
    """The members of a `scope` claim (RFC 9068 section 2.2.3); equal ones are one object."""
    return frozenset(scope.split())


def ensure_current(claims: dict[str, Any], now: float, leeway_seconds: float = LEEWAY_SECONDS) -> None:
    """Raise InvalidToken unless `exp` is in the future, and `iat` and an `nbf` are not, with this leeway."""
    current_times(claims, now, leeway_seconds)


def current_times(claims: dict[str, Any], now: float, leeway_seconds: float) -> tuple[float, float]:
    """The `iat` and the `exp` of a token that is current. Raises InvalidToken if it is not, as `ensure_current`."""
    if (expires_at := number(claims, "exp")) <= now - leeway_seconds:
        raise InvalidToken("expired", Flaw.EXPIRED)
    if (issued_at := number(claims, "iat")) > now + leeway_seconds:
        raise InvalidToken("issued in the future", Flaw.NOT_YET)
    if "nbf" in claims and number(claims, "nbf") > now + leeway_seconds:
        raise InvalidToken("not valid yet", Flaw.NOT_YET)
    return issued_at, expires_at


def ensure_meant_for(claims: dict[str, Any], issuer: str, audience: str) -> None:
    """Raise InvalidToken unless `iss` is exactly this issuer and `aud`, a string or a list, names this audience."""
    if claims.get("iss") != issuer:
        raise InvalidToken("another issuer", Flaw.ISSUER)
    audiences = claims.get("aud")
    if audience not in (audiences if isinstance(audiences, list) else [audiences]):
        raise InvalidToken("another audience", Flaw.AUDIENCE)


def _decode(part: bytes) -> bytes:
    """The bytes that a part writes in base64url without padding. Raises InvalidToken if it has anything else."""
    try:
        return a2b_base64(part.translate(_TO_BASE64) + _PADDINGS[-len(part) % 4], strict_mode=True)
    except NotBase64:
        raise InvalidToken(_MISSHAPEN if part.translate(None, _BASE64URL) else "not base64url") from None


def _json_object(document: bytes) -> dict[str, Any]:
    try:
        decoded = orjson.loads(document)
    except orjson.JSONDecodeError:
        raise InvalidToken("not JSON") from None
    if not isinstance(decoded, dict):
        raise InvalidToken("not a JSON object")
    return decoded
