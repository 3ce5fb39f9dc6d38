"""Secrets at rest, each bound to the name of what it belongs to, under the key-encryption keys of the settings."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from identity_service.keys.key_encryption import KeyEncryptionKey, Kind, Seal
from watchword.errors import Unavailable

_NAMES: Final = {
    Kind.SIGNING_KEY: "the signing key {}",
    Kind.DIGEST_KEY: "the key of digests",
    Kind.PUSH_AUTHORIZATION: "the secret of {}",
    Kind.LETTER: "the secret of {}",
    Kind.DEVICE_COOKIE: "the secret of {}",
    Kind.PAGE_QUERY: "the secret of {}",
    Kind.TOTP_SECRET: "the authenticator app of {}",
}


class CannotUnseal(Unavailable):
    """The secret was sealed under another key-encryption key, or is damaged."""

    code = "cannot_unseal"


class Opened(NamedTuple):
    """What was sealed, and the key that has sealed it."""

    plain: bytes
    key: KeyEncryptionKey


class Manner(NamedTuple):
    """How values are sealed: under this key, and in the form that names it or in the one that does not."""

    key: KeyEncryptionKey
    with_id: bool


class Sealer:
    """Opens what any of the keys has sealed. It seals as the installation does, which `follow` finds out; without
    former keys there is but one key, so that nothing has to be found out.

    `present` is the key that `seal_anew` seals under, `former` are keys that installations change from, or to.
    """

    def __init__(self, present: str, former: Iterable[str] = ()) -> None:
        self.present = KeyEncryptionKey(present)
        self._keys = (self.present, *map(KeyEncryptionKey, former))
        self._manner = Manner(self.present, with_id=False) if len(self._keys) == 1 else None
        self.followed: bytes | None = None
        """The value that `follow` has last tried to follow."""

    def seal(self, kid: str, key: RSAPrivateKey) -> bytes:
        """Seal a signing key, as PKCS #8, bound to its `kid`. Raises CannotUnseal as `seal_bytes` does."""
        private_bytes = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return self.seal_bytes(Seal(Kind.SIGNING_KEY, kid), private_bytes)

    def unseal(self, kid: str, sealed: bytes) -> RSAPrivateKey:
        """The signing key that was sealed for this `kid`. Raises CannotUnseal."""
        plain = self.open(Seal(Kind.SIGNING_KEY, kid), sealed).plain
        # The cipher has authenticated these bytes as ours, so the slow checks of an unknown key add nothing.
        key = load_der_private_key(plain, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, RSAPrivateKey):
            raise CannotUnseal(f"the signing key {kid} is not an RSA key")
        return key

    def seal_text(self, seal: Seal, text: str) -> bytes:
        """Seal a text. Raises CannotUnseal as `seal_bytes` does."""
        return self.seal_bytes(seal, text.encode())

    def unseal_text(self, seal: Seal, sealed: bytes) -> str:
        """The text that was sealed for this. Raises CannotUnseal."""
        return self.open(seal, sealed).plain.decode()

    def seal_bytes(self, seal: Seal, plain: bytes) -> bytes:
        """Seal these bytes. Raises CannotUnseal if the installation seals under a key that this process does not have:
        other processes could lose what it sealed under another one."""
        return self.sealing_key().seal(seal, plain, with_id=self._manner is not None and self._manner.with_id)

    def sealing_key(self) -> KeyEncryptionKey:
        """The key under which the installation seals. Raises CannotUnseal if this process does not have it."""
        if self._manner is None:
            raise CannotUnseal("IDENTITY_KEY_ENCRYPTION_KEY is not the key under which this installation seals")
        return self._manner.key

    def open(self, seal: Seal, sealed: bytes) -> Opened:
        """What was sealed for this, and the key that has sealed it. Raises CannotUnseal."""
        for key in self._keys:
            plain = key.open(seal, sealed)
            if plain is not None:
                return Opened(plain, key)
        raise CannotUnseal(f"IDENTITY_KEY_ENCRYPTION_KEY does not open {_NAMES[seal.kind].format(seal.label)}")

    def is_present(self, sealed: bytes) -> bool:
        """Whether the value is sealed under the present key, in the form that names it."""
        return self.present.names(sealed)

    def seal_anew(self, seal: Seal, sealed: bytes) -> bytes:
        """The same under the present key, in the form that names it. Raises CannotUnseal."""
        return self.present.seal(seal, self.open(seal, sealed).plain, with_id=True)

    def begin(self) -> None:
        """Seal from now on as a new installation does: under the present key."""
        self._manner = Manner(self.present, with_id=False)

    def follow(self, seal: Seal, sealed: bytes) -> bytes:
        """Seal from now on as this value is sealed, and return what is in it. Raises CannotUnseal: then nothing is
        sealed until another value can be followed."""
        self._manner, self.followed = None, sealed
        plain, key = self.open(seal, sealed)
        self._manner = Manner(key, with_id=key.names(sealed))
        return plain
