"""The values that the use cases of factors take and return."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from identity_service.obedience.models import Act


class Owner(NamedTuple):
    """The person who changes the factors of their account, and the session, or the sign-on of a browser, in which they
    do. That sign-on, with its sessions, goes on when others end."""

    user_id: UUID
    session_id: UUID | None = None
    sign_on_id: UUID | None = None


class Addition(NamedTuple):
    """The act of adding a factor, and the recovery codes that were made with the first one."""

    act: Act
    recovery_codes: Sequence[str] = ()
