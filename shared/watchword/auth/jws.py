"""Opens compact JWS tokens of one kind that one issuer signed. The only module of `shared` that speaks JOSE.

python-jose by itself takes a token of any `typ`, with an unknown `crit`, or signed by another key than its `kid`
names, and lets the token choose its algorithm; here each of these is refused before a signature is looked at.
"""

import string
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Collection
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from jose import jwk
from jose.constants import ALGORITHMS

from watchword.auth.errors import Flaw, InvalidToken
from watchword.auth.jwks import KeySource, PublicKey

MAX_TOKEN_BYTES: Final = 8_192
LEEWAY_SECONDS: Final = 5
LAST_INSTANT: Final = 253_402_300_799

_BASE64URL: Final = (string.ascii_letters + string.digits + "-_").encode()
_TO_BASE64: Final = bytes.maketrans(b"-_", b"+/")
_PADDING, _SHA256 = PKCS1v15(), SHA256()
_MAX_KNOWN_HEADERS: Final = 64


class RsaVerificationKey:
    """One RSA public key, parsed once. Verifies RS256 and nothing else."""

    __slots__ = ("_key", "public")

    def __init__(self, public: PublicKey) -> None:
        self.public = public
        # Asked directly: jose's own verify makes the padding and the hash anew for each token, a fifth of the cost.
        self._key = jwk.construct(public.as_jwk(), ALGORITHMS.RS256).prepared_key  # type: ignore[attr-defined]

    def accepts(self, signing_input: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, signing_input, _PADDING, _SHA256)
        except InvalidSignature:
            return False
        return True


class JwsReader:
    """Opens tokens whose header says RS256, one of `types` (lower case) and a `kid` that `keys` has."""

    def __init__(self, keys: KeySource, types: Collection[str]) -> None:
        self._keys = keys
        self._types = frozenset(types)
        self._prepared: dict[str, RsaVerificationKey] = {}
        # The issuer writes the same few headers again and again; only those of good signatures are kept.
        self._known_headers: dict[bytes, str] = {}

    async def read(self, token: str) -> tuple[dict[str, Any], PublicKey]:
        """The claims of a token with a good signature, and the key it was made with; no claim is judged here.

        Raises InvalidToken with the reason for the log; KeysUnavailable where there is nothing to judge by.
        """
        raw = token.encode("utf-8", "surrogatepass")
        # Base64url without padding and nothing else, in three parts (RFC 7515 section 3.1).
        if len(raw) > MAX_TOKEN_BYTES or raw.translate(None, _BASE64URL) != b"..":
            raise InvalidToken("not a compact JWS, or too long")
        header_part, claims_part, signature_part = raw.split(b".")
        if not (header_part and claims_part and signature_part):
            raise InvalidToken("not a compact JWS, or too long")
        kid = self._known_headers.get(header_part) or self._kid_of(header_part)
        public = await self._keys.get(kid)
        signing_input = raw[: len(header_part) + 1 + len(claims_part)]
        if not self._prepare(public).accepts(signing_input, _decode(signature_part)):
            raise InvalidToken("signature does not verify", Flaw.SIGNATURE)
        if len(self._known_headers) < _MAX_KNOWN_HEADERS:
            self._known_headers[header_part] = kid
        return _json_object(claims_part), public

    def _kid_of(self, header_part: bytes) -> str:
        """The key that an unverified header names, once everything else in that header is as it must be."""
        header = _json_object(header_part)
        if header.get("alg") != ALGORITHMS.RS256:
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
        prepared = self._prepared.get(public.kid)
        if prepared is None or prepared.public is not public:
            # Keys that are no longer served go, so that this holds no more than the issuer does.
            self._prepared = {k: p for k, p in self._prepared.items() if self._keys.find(k) is p.public}
            prepared = self._prepared[public.kid] = RsaVerificationKey(public)
        return prepared


def number(claims: dict[str, Any], name: str) -> float:
    """A NumericDate, which is a JSON number (RFC 7519 section 2). InvalidToken where it is none."""
    value = claims.get(name)
    # true is an int to Python; what is infinite, NaN or beyond datetime is no instant.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LAST_INSTANT:
        raise InvalidToken(f"{name} is missing or no number", Flaw.CLAIMS)
    return float(value)


def text(claims: dict[str, Any], name: str) -> str:
    """A text that is not empty. InvalidToken where it is none."""
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidToken(f"{name} is missing or no text", Flaw.CLAIMS)
    return value


def texts(claims: dict[str, Any], name: str) -> frozenset[str]:
    """A list of texts, which may be absent. InvalidToken where it is something else."""
    value = claims.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidToken(f"{name} is no list of texts", Flaw.CLAIMS)
    return frozenset(value)


def ensure_current(claims: dict[str, Any], now: float) -> None:
    """`exp` in the future; `iat`, and `nbf` where there is one, not. Five seconds of leeway each way."""
    if number(claims, "exp") <= now - LEEWAY_SECONDS:
        raise InvalidToken("expired", Flaw.EXPIRED)
    if number(claims, "iat") > now + LEEWAY_SECONDS:
        raise InvalidToken("issued in the future", Flaw.NOT_YET)
    if "nbf" in claims and number(claims, "nbf") > now + LEEWAY_SECONDS:
        raise InvalidToken("not valid yet", Flaw.NOT_YET)


def ensure_meant_for(claims: dict[str, Any], issuer: str, audience: str) -> None:
    """`iss` is this issuer exactly; `aud`, one text or a list of them, names this audience."""
    if claims.get("iss") != issuer:
        raise InvalidToken("another issuer", Flaw.ISSUER)
    meant_for = claims.get("aud")
    if audience not in (meant_for if isinstance(meant_for, list) else [meant_for]):
        raise InvalidToken("another audience", Flaw.AUDIENCE)


def _decode(part: bytes) -> bytes:
    try:
        return a2b_base64(part.translate(_TO_BASE64) + b"==="[: -len(part) % 4])
    except NotBase64:
        raise InvalidToken("not base64url") from None


def _json_object(part: bytes) -> dict[str, Any]:
    try:
        decoded = orjson.loads(_decode(part))
    except orjson.JSONDecodeError:
        raise InvalidToken("not JSON") from None
    if not isinstance(decoded, dict):
        raise InvalidToken("not a JSON object")
    return decoded
