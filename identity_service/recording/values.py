"""The values that the recorder takes and returns."""

from collections.abc import Collection
from typing import Final, NamedTuple
from uuid import UUID

from identity_service.events.enqueueing import Enqueued
from identity_service.recording.acts import Members


class EndedSessions(NamedTuple):
    """The sessions and sign-ons of a user that have ended, and the sessions that go on if all others have."""

    session_ids: Collection[UUID]
    except_ids: Collection[UUID] = ()
    sign_on_ids: Collection[UUID] = ()


NO_SESSIONS: Final = EndedSessions(())


class RoleChange(NamedTuple):
    """A role, the version of the installation's roles since its change, and the role before it and after it: None if
    the change has deleted it."""

    role: str
    version: int
    before: Members
    after: Members | None


class CredentialChange(NamedTuple):
    """What was done to a factor or to the recovery codes: its name in the audit log, the type of the credential and the
    change in CAEP's words (section 3.3), and the id of the passkey, if it is one."""

    action: str
    credential: str
    change: str
    passkey_id: UUID | None = None


class Deletion(NamedTuple):
    """The receipt with which the erasure of an account elsewhere can be watched, and the events that report it."""

    receipt: UUID
    enqueued: Enqueued
