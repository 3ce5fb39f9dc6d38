"""What keys look like to administrators, in JSON."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel, Field

from identity_service.events.schemas import ObedienceRead, ObedientService
from identity_service.key_acts.sealing_anew import SealedAnew
from identity_service.key_acts.withdrawal import WithdrawnKey
from identity_service.keys.key_encryption import Kind
from identity_service.keys.models import KeyState
from identity_service.keys.views import KeyView
from watchword.http.paging import Page

_KID: Final = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
_KEY_ID: Final = "5f0c2a9be1d34786"


class SigningKeyRead(BaseModel):
    """A signing key, without its private half."""

    kid: str = Field(examples=[_KID])
    state: KeyState = Field(
        description="`published`: it does not sign yet; `verifying`: it does not sign any more, and its last tokens may"
        " be valid; `withdrawn`: it is not published any more; `compromised`: it was withdrawn because it leaked",
        examples=["signing"],
    )
    published_at: datetime
    signs_from: datetime
    signs_until: datetime
    withdrawn_at: datetime
    key_encryption_key: str | None = Field(
        description="The id of the key-encryption key that seals it; null if the process that answers cannot open it",
        examples=[_KEY_ID],
    )
    opens: bool = Field(description="Whether the process that answers can open it", examples=[True])

    @classmethod
    def of(cls, view: KeyView) -> "SigningKeyRead":
        row = view.row
        return cls(
            kid=row.kid,
            state=view.state,
            published_at=row.published_at,
            signs_from=row.signs_from,
            signs_until=row.signs_until,
            withdrawn_at=row.withdrawn_at,
            key_encryption_key=view.key_encryption_key,
            opens=view.key_encryption_key is not None,
        )


class SigningKeyPage(BaseModel):
    items: list[SigningKeyRead]
    next: str | None = Field(description="The cursor of the next page; null on the last", examples=[None])

    @classmethod
    def of(cls, page: Page[KeyView]) -> "SigningKeyPage":
        return cls(items=[SigningKeyRead.of(view) for view in page.items], next=page.next_cursor)


class SealedKind(BaseModel):
    """How many values of one kind were sealed anew."""

    kind: Kind = Field(examples=["signing key"])
    sealed: int = Field(description="Sealed anew by this act", examples=[2])
    unopened: int = Field(
        description="Left as they are: no key-encryption key of the settings opens them", examples=[0]
    )


class SealingRead(BaseModel):
    """What was sealed under the present key-encryption key."""

    key_encryption_key: str = Field(description="The id of that key", examples=[_KEY_ID])
    kinds: list[SealedKind]

    @classmethod
    def of(cls, sealed: SealedAnew) -> "SealingRead":
        kinds = [SealedKind(kind=kind, **count._asdict()) for kind, count in sealed.counts.items()]
        return cls(key_encryption_key=sealed.key_encryption_key, kinds=kinds)


class KeyWithdrawalRead(BaseModel):
    """The outcome of withdrawing a signing key."""

    signing_kid: str = Field(description="The key that signs from now on", examples=[_KID])
    sessions: int | None = Field(
        description="How many sessions must sign in again; null if counting them took too long", examples=[3]
    )
    obeyed: list[ObedientService] | None = Field(
        description="With `Prefer: wait=N`: the services that refuse by now what the key has signed; otherwise null",
        examples=[[{"service": "posts", "after_ms": 38}]],
    )
    outstanding: list[str] | None = Field(
        description="With `Prefer: wait=N`: the services that have not confirmed it; otherwise null",
        examples=[["feeds"]],
    )

    @classmethod
    def of(cls, withdrawn: WithdrawnKey, obedience: ObedienceRead | None) -> "KeyWithdrawalRead":
        return cls(
            signing_kid=withdrawn.signing_kid,
            sessions=withdrawn.sessions,
            obeyed=None if obedience is None else obedience.obeyed,
            outstanding=None if obedience is None else obedience.outstanding,
        )
