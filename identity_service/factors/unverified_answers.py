"""Reading the answers of authenticators, of which nothing has been verified yet."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import orjson
from webauthn.helpers import parse_client_data_json
from webauthn.helpers.parse_authentication_credential_json import parse_authentication_credential_json
from webauthn.helpers.parse_registration_credential_json import parse_registration_credential_json
from webauthn.helpers.structs import AuthenticationCredential, RegistrationCredential

from identity_service.factors.passkey_errors import PasskeyRefused

Credential = str | Mapping[str, Any]
"""What `PublicKeyCredential.toJSON()` gives, as an object or as the text of it (WebAuthn Level 3 section 5.1)."""

MAX_ANSWER_BYTES: Final = 16_384
"""The longest answer that is read: a form of ours may have as much, and authenticators answer with a tenth of it. CBOR
may be written so that reading it takes the square of its length: a minute for a megabyte."""


class Assertion(NamedTuple):
    """The answer to a request to use a passkey, and the challenge that it says it answers."""

    credential: AuthenticationCredential
    challenge: bytes


class Attestation(NamedTuple):
    """The answer to a request to make a passkey, and the challenge that it says it answers."""

    credential: RegistrationCredential
    challenge: bytes


@contextmanager
def refusing() -> Iterator[None]:
    """What the libraries raise about an answer, whatever it is, means that it is refused."""
    try:
        yield
    except PasskeyRefused:
        raise
    except Exception as error:
        # They document few of their errors: malformed text, CBOR and keys raise many more.
        raise PasskeyRefused(f"{error!r:.200}") from error


def read_assertion(credential: Credential) -> Assertion:
    """Raises PasskeyRefused for what is malformed."""
    with refusing():
        read = parse_authentication_credential_json(_members(credential))
        return Assertion(read, _challenge_of(read.response.client_data_json))


def read_attestation(credential: Credential) -> Attestation:
    """Raises PasskeyRefused for what is malformed."""
    with refusing():
        read = parse_registration_credential_json(_members(credential))
        return Attestation(read, _challenge_of(read.response.client_data_json))


def credential_id_of(credential: Credential) -> bytes:
    """The id of the credential that an answer says it is from. Raises PasskeyRefused for what is malformed."""
    return read_assertion(credential).credential.raw_id


def _challenge_of(client_data_json: bytes) -> bytes:
    client_data = parse_client_data_json(client_data_json)
    if client_data.cross_origin:
        raise PasskeyRefused("given in a frame of another site's page")
    return client_data.challenge


def _members(credential: Credential) -> str | dict[str, Any]:
    """The answer as the library takes it. Raises PasskeyRefused for one that is too long."""
    if len(credential if isinstance(credential, str) else orjson.dumps(dict(credential))) > MAX_ANSWER_BYTES:
        raise PasskeyRefused("longer than any answer")
    return credential if isinstance(credential, str) else dict(credential)
