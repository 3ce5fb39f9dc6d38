"""An authorization code."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.sessions.models import Session
from identity_service.sign_ons.models import SignOn
from identity_service.tables import Base, Instant, Texts

LIFETIME: Final = timedelta(seconds=60)
"""How long a code may be traded in; RFC 6749 section 4.1.2 allows ten minutes."""


class AuthorizationCode(Base):
    """What a person in a sign-on allows a client, until the client trades the code in. `digest` is that of the code.

    `audiences` are those that the client named as resources, and all of its own if it named none. `names_scopes` is
    whether it asked for the scopes by name. `authenticated_at`, `acr` and `amr` are those of the sign-on at that time.
    `session_id` is the session that the code was traded in for: it ends if the code is presented again.
    `continued_session_id` is a session of the client that goes on with this authentication, instead of another one.
    """

    __tablename__ = "authorization_codes"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), index=True)
    sign_on_id: Mapped[UUID] = mapped_column(ForeignKey(SignOn.id, ondelete="CASCADE"), index=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("identity.clients.id", ondelete="CASCADE"), index=True)
    redirect_uri: Mapped[str]
    code_challenge: Mapped[str]
    scopes: Mapped[Texts]
    audiences: Mapped[Texts]
    names_scopes: Mapped[bool]
    nonce: Mapped[str | None]
    authenticated_at: Mapped[Instant]
    acr: Mapped[str]
    amr: Mapped[Texts]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey(Session.id, ondelete="SET NULL"), index=True)
    continued_session_id: Mapped[UUID | None]


Index("authorization_codes_expires_at_idx", AuthorizationCode.expires_at)
