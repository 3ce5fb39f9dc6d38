"""The factors of an account. `User.has_second_factor` says whether it has an authenticator app or a passkey: it is
set with each change of them, while the user's row is locked."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base, Instant, NewId, Texts


class TotpFactor(Base):
    """An authenticator app that has shown one right code (RFC 6238). `last_step` is the latest time step whose code was
    accepted: neither that code nor an earlier one is accepted again (section 5.2)."""

    __tablename__ = "totp_factors"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), primary_key=True)
    sealed_secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Instant]
    last_used_at: Mapped[Instant | None]


class TotpEnrolment(Base):
    """The secret of an authenticator app that has shown no code yet. A later one of the same user replaces it.

    `begun_in` is the sign-on in which it was begun, or the session if it has none: only there is it shown and
    confirmed. Somebody else who is signed in to the account could otherwise have its owner confirm a secret that they
    know.
    """

    __tablename__ = "totp_enrolments"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), primary_key=True)
    sealed_secret: Mapped[bytes]
    begun_in: Mapped[UUID]
    created_at: Mapped[Instant] = mapped_column(index=True)


class RecoveryCode(Base):
    """A code that takes the place of a second factor, once. `digest` is a keyed digest of it."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[Instant]
    used_at: Mapped[Instant | None]


class Passkey(Base):
    """A credential of an authenticator (WebAuthn Level 3). `credential_id` and `public_key`, a COSE key, are the
    authenticator's; `sign_count` is the signature counter that it showed last, 0 for ever if it has none.

    `is_backup_eligible` and `is_backed_up` are the flags BE and BS (section 6.1): the first never changes.
    """

    __tablename__ = "passkeys"

    id: Mapped[NewId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    is_backup_eligible: Mapped[bool]
    is_backed_up: Mapped[bool]
    transports: Mapped[Texts]
    aaguid: Mapped[UUID]
    name: Mapped[str]
    created_at: Mapped[Instant]
    last_used_at: Mapped[Instant | None]


class SpentChallenge(Base):
    """The digest of a challenge that an authenticator has answered: it is accepted once."""

    __tablename__ = "spent_challenges"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[Instant] = mapped_column(index=True)
