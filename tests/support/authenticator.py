"""An authenticator of passkeys in software (WebAuthn Level 3), together with the browser that asks it."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Final, Self

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, HAS_CREDENTIAL = 0x01, 0x04, 0x08, 0x10, 0x40
PRESENT_AND_VERIFIED: Final = USER_PRESENT | USER_VERIFIED


class Algorithm(IntEnum):
    """The algorithms of COSE that this service takes."""

    ES256 = -7
    EDDSA = -8
    RS256 = -257


PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Authenticator:
    """It holds one passkey, which `register` makes and `use` uses. Each answer counts `sign_count` up by one.

    With other fields it answers what no honest authenticator or browser would: see `dataclasses.replace`.
    """

    origin: str
    rp_id: str
    key: PrivateKey
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user_handle: bytes | None = None
    flags: int = PRESENT_AND_VERIFIED
    counter: list[int] = field(default_factory=lambda: [0])
    transports: tuple[str, ...] = ("internal",)
    client_data: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, origin: str, algorithm: Algorithm = Algorithm.ES256) -> Self:
        """An authenticator in a browser that shows a page of this origin."""
        host = origin.partition("://")[2].partition(":")[0]
        return cls(origin, host, _make_key(algorithm))

    def register(self, options: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """The authenticator with the passkey that these options ask for, and its answer as `toJSON()` gives it."""
        holder = replace(self, user_handle=_decode(options["user"]["id"]))
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + self.public_key()
        authenticator_data = self._authenticator_data(self.flags | HAS_CREDENTIAL, attested)
        statement = {"fmt": "none", "attStmt": {}, "authData": authenticator_data}
        return holder, self._credential(
            clientDataJSON=_encode(self._client_data("webauthn.create", options["challenge"])),
            attestationObject=_encode(cbor2.dumps(statement)),
            transports=list(self.transports),
        )

    def use(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to options that ask for the passkey, as `toJSON()` gives it."""
        self.counter[0] += 1
        client_data = self._client_data("webauthn.get", options["challenge"])
        authenticator_data = self._authenticator_data(self.flags)
        signature = self._sign(authenticator_data + hashlib.sha256(client_data).digest())
        handle = {} if self.user_handle is None else {"userHandle": _encode(self.user_handle)}
        return self._credential(
            clientDataJSON=_encode(client_data),
            authenticatorData=_encode(authenticator_data),
            signature=_encode(signature),
            **handle,
        )

    def public_key(self) -> bytes:
        """The COSE key."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            point = self.key.public_key().public_numbers()
            key = {1: 2, 3: Algorithm.ES256.value, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        elif isinstance(self.key, ed25519.Ed25519PrivateKey):
            key = {1: 1, 3: Algorithm.EDDSA.value, -1: 6, -2: self.key.public_key().public_bytes_raw()}
        else:
            numbers = self.key.public_key().public_numbers()
            key = {1: 3, 3: Algorithm.RS256.value, -1: numbers.n.to_bytes(256), -2: numbers.e.to_bytes(3)}
        return cbor2.dumps(key)

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(SHA256()))
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, padding.PKCS1v15(), SHA256())

    def _authenticator_data(self, flags: int, attested: bytes = b"") -> bytes:
        rp_id_hash = hashlib.sha256(self.rp_id.encode()).digest()
        return rp_id_hash + flags.to_bytes() + self.counter[0].to_bytes(4) + attested

    def _client_data(self, kind: str, challenge: str) -> bytes:
        members = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(members | dict(self.client_data)).encode()

    def _credential(self, **response: Any) -> dict[str, Any]:
        credential_id = _encode(self.credential_id)
        return {"id": credential_id, "rawId": credential_id, "type": "public-key", "response": response}


def _make_key(algorithm: Algorithm) -> PrivateKey:
    if algorithm is Algorithm.ES256:
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm is Algorithm.EDDSA:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65_537, 2_048)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
