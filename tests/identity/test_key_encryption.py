"""What a key-encryption key seals: in two forms, for one kind and one label, and shown by nothing."""

import secrets
from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from identity_service.keys.digests import Digests
from identity_service.keys.key_encryption import KeyEncryptionKey, Kind, Seal
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.settings import Settings
from tests.support.services import IDENTITY_URL, KEY_ENCRYPTION_KEY

OTHER_KEY = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
SEAL = Seal(Kind.LETTER, "letter reset 1")


def sealed_as_before(key: str, label: str, plain: bytes, nonce: bytes | None = None) -> bytes:
    """What the previous release seals."""
    nonce = nonce or secrets.token_bytes(12)
    return nonce + AESGCM(urlsafe_b64decode(key)).encrypt(nonce, plain, label.encode())


@pytest.mark.parametrize("with_id", [True, False])
def test_value_opens_for_its_own_label_alone(*, with_id: bool) -> None:
    key = KeyEncryptionKey(KEY_ENCRYPTION_KEY)
    sealed = key.seal(SEAL, b"content", with_id=with_id)
    assert (key.open(SEAL, sealed), key.names(sealed)) == (b"content", with_id)
    damaged = (sealed[:-1], b"", sealed[1:], sealed[:9], sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:])
    assert [key.open(SEAL, wrong) for wrong in damaged] == [None] * 5
    assert key.open(Seal(Kind.LETTER, "letter reset 2"), sealed) is None
    assert KeyEncryptionKey(OTHER_KEY).open(SEAL, sealed) is None


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.LETTER])
def test_value_that_names_its_key_stands_in_for_none_of_another_kind(kind: Kind) -> None:
    key = KeyEncryptionKey(KEY_ENCRYPTION_KEY)
    assert key.open(Seal(kind, SEAL.label), key.seal(SEAL, b"content", with_id=True)) is None


def test_neither_form_is_taken_for_the_other() -> None:
    key = KeyEncryptionKey(KEY_ENCRYPTION_KEY)
    named = key.seal(SEAL, b"content", with_id=True)
    # The same ciphertext, as if it had no header, and with the header of another key.
    assert key.open(SEAL, named[9:]) is None
    assert key.open(SEAL, KeyEncryptionKey(OTHER_KEY).header + named[9:]) is None
    plain = key.seal(SEAL, b"content", with_id=False)
    assert key.open(SEAL, key.header + plain) is None


def test_value_of_the_previous_release_opens_even_if_it_begins_as_the_form_that_names_its_key() -> None:
    key = KeyEncryptionKey(KEY_ENCRYPTION_KEY)
    for nonce in (None, key.header + b"abc", b"\x01" * 12):
        assert key.open(SEAL, sealed_as_before(KEY_ENCRYPTION_KEY, SEAL.label, b"content", nonce)) == b"content"


def test_what_is_sealed_with_one_key_in_the_settings_opens_in_the_previous_release() -> None:
    sealed = Sealer(KEY_ENCRYPTION_KEY).seal_text(SEAL, "content")
    cipher = AESGCM(urlsafe_b64decode(KEY_ENCRYPTION_KEY))
    assert cipher.decrypt(sealed[:12], sealed[12:], SEAL.label.encode()) == b"content"


def test_former_key_opens_and_does_not_seal() -> None:
    former, present = Sealer(KEY_ENCRYPTION_KEY), Sealer(OTHER_KEY, [KEY_ENCRYPTION_KEY])
    sealed = former.seal_text(SEAL, "content")
    assert present.unseal_text(SEAL, sealed) == "content"
    anew = present.seal_anew(SEAL, sealed)
    assert Sealer(OTHER_KEY).unseal_text(SEAL, anew) == "content"
    with pytest.raises(CannotUnseal, match="IDENTITY_KEY_ENCRYPTION_KEY does not open"):
        former.unseal_text(SEAL, anew)


def test_process_with_two_keys_seals_nothing_before_it_knows_which_the_installation_uses() -> None:
    sealer = Sealer(OTHER_KEY, [KEY_ENCRYPTION_KEY])
    with pytest.raises(CannotUnseal):
        sealer.seal_text(SEAL, "content")
    sealer.follow(SEAL, Sealer(KEY_ENCRYPTION_KEY).seal_text(SEAL, "another"))
    assert Sealer(KEY_ENCRYPTION_KEY).unseal_text(SEAL, sealer.seal_text(SEAL, "content")) == "content"
    with pytest.raises(CannotUnseal):
        sealer.follow(SEAL, b"unknown")
    with pytest.raises(CannotUnseal):
        sealer.seal_text(SEAL, "content")


def test_digests_cannot_be_made_before_their_key_is_loaded() -> None:
    with pytest.raises(RuntimeError, match="not been loaded"):
        Digests().of("usernames", "ada")


def test_nothing_shows_a_key() -> None:
    sealer = Sealer(OTHER_KEY, [KEY_ENCRYPTION_KEY])
    settings = Settings(
        database_url="postgresql://a@127.0.0.1/b",
        issuer=IDENTITY_URL,
        key_encryption_key=OTHER_KEY,
        former_key_encryption_keys=KEY_ENCRYPTION_KEY,
        email_verification="optional",
    )
    shown = f"{sealer.present!r} {sealer!r} {vars(sealer)} {settings!r} {settings.former_key_encryption_keys}"
    shown += settings.model_dump_json()
    for key in (OTHER_KEY, KEY_ENCRYPTION_KEY):
        raw = urlsafe_b64decode(key)
        assert not any(text in shown for text in (key, key.rstrip("="), raw.hex(), repr(raw)))
    # The id is a digest of the whole key.
    assert len({sealer.present.id, KeyEncryptionKey(KEY_ENCRYPTION_KEY).id}) == 2
