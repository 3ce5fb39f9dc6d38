"""An issuer for tests. It shares no code with the verifier's checks, so that its tokens really test them."""

import json
import math
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, cast
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from watchword.auth import PublicKey, Revocations, RevocationSource, Verifier
from watchword.auth.errors import UnknownKey
from watchword.auth.revocations import LEVEL_OF, Revocation
from watchword.clock import Clock, SystemClock

ABSENT: Final = object()
"""As the value of a claim or a header parameter: leave it out."""

_HEADER: Final = {"alg": "RS256", "typ": "at+jwt"}


class Issuer:
    """Mints access tokens that `verifier` accepts, and variations that it must refuse. It needs no network."""

    def __init__(
        self,
        url: str = "http://issuer.example",
        audience: str = "http://service.example",
        *,
        clock: Clock | None = None,
    ) -> None:
        self.url = url
        self.audience = audience
        self.clock = clock or SystemClock()
        self.kid = "first"
        self._keys = {self.kid: _private_key(self.kid)}
        self._public = {kid: public_key(kid, key) for kid, key in self._keys.items()}
        self._lowered = _Lowered()

    def mint(
        self,
        subject: str | None = None,
        *,
        scope: str = "",
        username: str | None = "ada",
        roles: Sequence[str] = (),
        permissions: Sequence[str] = (),
        version: int | None = None,
        role_version: int | None = None,
        auth_time: float | None = None,
        acr: str | None = None,
        amr: Sequence[str] | None = None,
        expires_in: float = 600,
        claims: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
        key: RSAPrivateKey | None = None,
    ) -> str:
        """An access token of a person, or with `username=None` of a service that calls on its own behalf.

        `version` and `role_version` are its `ver` and `rver`; `auth_time` (seconds since 1970), `acr` and `amr` say
        when and how the person signed in. These are left out if they are None. `claims` and `header` replace members of
        the token, or with ABSENT remove them. `key` signs in the place of the issuer's own key.
        """
        _ensure_several(roles=roles, permissions=permissions, amr=amr or ())
        now = int(self.clock.now().timestamp())
        body: dict[str, Any] = {
            **{"iss": self.url, "aud": self.audience, "sub": subject or str(uuid4()), "client_id": "web"},
            **{"iat": now, "exp": now + expires_in},
            "jti": str(uuid4()),
            "scope": scope or ABSENT,
            "sid": str(uuid4()) if username else ABSENT,
            "roles": list(roles),
            "permissions": list(permissions),
            "preferred_username": username or ABSENT,
            **_without_none(ver=version, rver=role_version, auth_time=auth_time, acr=acr, amr=amr),
            **(claims or {}),
        }
        return sign({**_HEADER, "kid": self.kid, **(header or {})}, body, key or self._keys[self.kid])

    def bearer(self, subject: str | None = None, **options: Any) -> dict[str, str]:
        """The header fields of a request with such a token. The arguments are those of `mint`."""
        return {"Authorization": f"Bearer {self.mint(subject, **options)}"}

    def rotate(self, kid: str) -> None:
        """Sign with another key, named `kid`, from now on. The old keys stay published."""
        self._keys[kid] = _private_key(kid)
        self._public[kid] = public_key(kid, self._keys[kid])
        self.kid = kid

    def withdraw(self, kid: str) -> None:
        """Stop publishing a key."""
        del self._public[kid]

    def lower(self, subject: str, level: str = "pwd", *, version: int = 1) -> None:
        """Let tokens of this person with a smaller `ver` count for at most this level (`pwd` or `mfa`) at guards with
        `acr`, as after the removal of a factor. Verifiers that have `revocations` of their own do not obey it."""
        kinds = {LEVEL_OF[kind]: kind for kind in reversed(LEVEL_OF)}
        if level not in kinds:
            raise ValueError(f"level: one of {', '.join(sorted(kinds))}, and not {level!r}")
        self._lowered.revocations.add(Revocation(kinds[level], subject, 0, math.inf, version), 0)

    def jwks(self) -> dict[str, Any]:
        return {"keys": [key.as_jwk() for key in self._public.values()]}

    def transport(self) -> httpx.AsyncBaseTransport:
        """A transport with which `RemoteKeys` fetches this issuer's keys without a network."""
        return httpx.MockTransport(lambda _: httpx.Response(200, json=self.jwks()))

    def verifier(self, audience: str | None = None, *, revocations: RevocationSource | None = None) -> Verifier:
        """A verifier of this issuer's tokens. It has the keys already, so it needs no start, and obeys `lower`."""
        return Verifier(
            issuer=self.url,
            audience=audience or self.audience,
            keys=self,
            # It has nothing to start, so no `start`.
            revocations=revocations or cast(RevocationSource, self._lowered),
            clock=self.clock,
        )

    # The two methods of a `KeySource`.

    def find(self, kid: str) -> PublicKey | None:
        return self._public.get(kid)

    async def get(self, kid: str) -> PublicKey:
        if (key := self.find(kid)) is None:
            raise UnknownKey("unknown kid")
        return key


class _Lowered:
    """What an issuer has lowered: a source of revocations for its verifiers. It accepts tokens of any lifetime."""

    def __init__(self) -> None:
        self.revocations = Revocations(900)
        self.revocations.memory_seconds = math.inf

    def ensure_in_contact(self, is_write: bool) -> None:
        """It is always in contact."""


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: RSAPrivateKey) -> str:
    """A compact JWS with exactly these members, signed with RS256 whatever `alg` the header names."""
    signing_input = f"{encode(header)}.{encode(claims)}"
    signature = key.sign(signing_input.encode(), PKCS1v15(), SHA256())
    return f"{signing_input}.{base64url(signature)}"


def encode(members: Mapping[str, Any]) -> str:
    """The members, without those that are ABSENT, as one part of a compact JWS."""
    present = {name: value for name, value in members.items() if value is not ABSENT}
    return base64url(json.dumps(present, separators=(",", ":")).encode())


def base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def public_key(kid: str, key: RSAPrivateKey) -> PublicKey:
    numbers = key.public_key().public_numbers()
    n, e = (base64url(value.to_bytes((value.bit_length() + 7) // 8)) for value in (numbers.n, numbers.e))
    return PublicKey(kid=kid, n=n, e=e)


def _without_none(**claims: Any) -> dict[str, Any]:
    """The claims that are not None."""
    return {name: value for name, value in claims.items() if value is not None}


@cache
def _private_key(name: str) -> RSAPrivateKey:
    """The private key of this name. Generating one takes long, so all issuers of a process share them."""
    return generate_private_key(public_exponent=65_537, key_size=2_048)


def _ensure_several(**texts_by_name: Sequence[str]) -> None:
    """Raise TypeError for one text in the place of several: Python would take each of its letters."""
    for name, texts in texts_by_name.items():
        if isinstance(texts, str):
            raise TypeError(f"{name} are several texts, and not one: {texts!r}")
