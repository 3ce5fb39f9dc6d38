"""The ceremonies of WebAuthn Level 3: registering a passkey (section 7.1) and using one (section 7.2). In both, the
authenticator must verify the person, so that a passkey is two factors in one."""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography, options_to_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from identity_service.factors import challenges, passkeys
from identity_service.factors.challenges import LIFETIME, Challenges, Purpose
from identity_service.factors.models import Passkey
from identity_service.factors.passkey_errors import PasskeyCopied, PasskeyRefused, PasskeysUnavailable
from identity_service.factors.unverified_answers import (
    Assertion,
    Attestation,
    Credential,
    read_assertion,
    read_attestation,
    refusing,
)
from identity_service.keys.digests import Digests
from identity_service.users.models import User
from watchword.clock import Clock

MOST_PASSKEYS: Final = 20
"""How many an account may have."""

_ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
]
_TRANSPORTS: Final = frozenset(str(way.value) for way in AuthenticatorTransport)
_MAX_CREDENTIAL_ID_BYTES: Final = 1_023
_MAX_KEY_BYTES: Final = 2_048
_TIMEOUT_MS: Final = int(LIFETIME.total_seconds() * 1_000)


class Ceremonies:
    """Asks authenticators to make and to use passkeys, and verifies their answers.

    The methods that take `db` raise PasskeyRefused, and all raise PasskeysUnavailable.
    """

    def __init__(self, issuer: str, digests: Digests, clock: Clock) -> None:
        url = urlsplit(issuer)
        self._origin = f"{url.scheme}://{url.netloc}"
        self._rp_id = url.hostname or ""
        self._challenges = Challenges(digests)
        self._clock = clock
        self.are_available = not _is_address(self._rp_id)

    def registration_options(self, user: User, of_user: Sequence[Passkey]) -> dict[str, Any]:
        """The options for `navigator.credentials.create`, as JSON has them. `of_user` are the passkeys that the user
        has: their authenticators make no second one."""
        self._ensure_available()
        options = generate_registration_options(
            rp_id=self._rp_id,
            rp_name=self._rp_id,
            user_id=user.id.bytes,
            user_name=user.username,
            user_display_name=user.full_name or user.username,
            challenge=self._challenges.make(Purpose.REGISTRATION, user.id, self._clock.now()),
            timeout=_TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(of_user),
            supported_pub_key_algs=_ALGORITHMS,
        )
        return _members_of(options_to_json(options))

    def assertion_options(
        self, purpose: Purpose, user_id: UUID | None = None, of_user: Sequence[Passkey] = ()
    ) -> dict[str, Any]:
        """The options for `navigator.credentials.get`, as JSON has them. Without `of_user` the authenticator offers
        whatever passkeys it has for this service. Only a sign-in is for no user."""
        self._ensure_available()
        options = generate_authentication_options(
            rp_id=self._rp_id,
            challenge=self._challenges.make(purpose, _bound_to(purpose, user_id), self._clock.now()),
            timeout=_TIMEOUT_MS,
            allow_credentials=_descriptors(of_user),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _members_of(options_to_json(options))

    async def accept_registration(
        self, db: AsyncSession, user_id: UUID, credential: Credential, name: str, now: datetime
    ) -> Passkey:
        """The passkey that an authenticator has made for this user; it is not inserted yet. Its challenge is spent."""
        self._ensure_available()
        attestation = read_attestation(credential)
        self._challenges.ensure_valid(attestation.challenge, Purpose.REGISTRATION, user_id, now)
        with refusing():
            verified = self._verify_attestation(attestation)
            aaguid = UUID(verified.aaguid)
        await challenges.spend(db, attestation.challenge)
        return Passkey(
            user_id=user_id,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            is_backup_eligible=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            is_backed_up=verified.credential_backed_up,
            transports=_transports_of(attestation),
            aaguid=aaguid,
            name=name,
            created_at=now,
            last_used_at=None,
        )

    async def accept_assertion(
        self, db: AsyncSession, credential: Credential, purpose: Purpose, user_id: UUID, now: datetime
    ) -> Passkey:
        """The passkey of this user that an authenticator has used for this purpose. The row is locked, its counter is
        updated and the challenge is spent. The user must be locked.

        Raises PasskeyCopied, a PasskeyRefused, if the counter went back.
        """
        self._ensure_available()
        assertion = read_assertion(credential)
        self._challenges.ensure_valid(assertion.challenge, purpose, _bound_to(purpose, user_id), now)
        passkey = await passkeys.find_for_update(db, user_id, assertion.credential.raw_id)
        if passkey is None:
            raise PasskeyRefused("the credential is unknown, or somebody else's")
        with refusing():
            _ensure_handle(assertion, purpose, user_id)
            verified = self._verify_assertion(assertion, passkey)
        await challenges.spend(db, assertion.challenge)
        _use(passkey, verified, now)
        return passkey

    def _verify_attestation(self, attestation: Attestation) -> VerifiedRegistration:
        verified = verify_registration_response(
            credential=attestation.credential,
            expected_challenge=attestation.challenge,
            expected_rp_id=self._rp_id,
            expected_origin=self._origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        if verified.credential_id != attestation.credential.raw_id:
            raise PasskeyRefused("two credential ids")
        if (
            len(verified.credential_id) > _MAX_CREDENTIAL_ID_BYTES
            or len(verified.credential_public_key) > _MAX_KEY_BYTES
        ):
            raise PasskeyRefused("a credential id or a key that is too long")
        # Without an attestation the key has not been used yet: a malformed one would be refused at each sign-in.
        decoded_public_key_to_cryptography(decode_credential_public_key(verified.credential_public_key))
        return verified

    def _verify_assertion(self, assertion: Assertion, passkey: Passkey) -> VerifiedAuthentication:
        return verify_authentication_response(
            credential=assertion.credential,
            expected_challenge=assertion.challenge,
            expected_rp_id=self._rp_id,
            expected_origin=self._origin,
            credential_public_key=passkey.public_key,
            # `_use` compares the counters, with an error of its own.
            credential_current_sign_count=0,
            require_user_verification=True,
        )

    def _ensure_available(self) -> None:
        if not self.are_available:
            raise PasskeysUnavailable(f"the host is {self._rp_id}")


def _use(passkey: Passkey, verified: VerifiedAuthentication, now: datetime) -> None:
    """Note that an authenticator has used this passkey. Raises PasskeyCopied if its counter went back."""
    shown, stored = verified.new_sign_count, passkey.sign_count
    if (shown or stored) and shown <= stored:
        raise PasskeyCopied(passkey, shown)
    is_multi_device = verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    if is_multi_device is not passkey.is_backup_eligible:
        raise PasskeyRefused("a backup eligibility that has changed")
    passkey.sign_count = shown
    passkey.is_backed_up = verified.credential_backed_up
    passkey.last_used_at = now


def _ensure_handle(assertion: Assertion, purpose: Purpose, user_id: UUID) -> None:
    """Raise PasskeyRefused unless the authenticator holds the passkey for this user (section 7.2, step 6)."""
    handle = assertion.credential.response.user_handle
    if handle is None and purpose is not Purpose.SIGN_IN:
        return
    if handle != user_id.bytes:
        raise PasskeyRefused("the authenticator holds the passkey for another user")


def _bound_to(purpose: Purpose, user_id: UUID | None) -> UUID | None:
    """Whose challenge it is. Nobody knows at a sign-in who will answer."""
    return None if purpose is Purpose.SIGN_IN else user_id


def _transports_of(attestation: Attestation) -> list[str]:
    """How the authenticator is reached. Each way stands there once, since each page that asks for the passkey has all
    of them."""
    return list(dict.fromkeys(str(way.value) for way in attestation.credential.response.transports or ()))


def _descriptors(of_user: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id,
            # Hints, of which a release of the library may know more than another one does.
            transports=[AuthenticatorTransport(name) for name in passkey.transports if name in _TRANSPORTS],
        )
        for passkey in of_user
    ]


def _members_of(options: str) -> dict[str, Any]:
    members: dict[str, Any] = orjson.loads(options)
    return members


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
