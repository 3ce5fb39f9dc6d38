"""The values that the use cases of factors take and return."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from identity_service.obedience.models import Act


class Owner(NamedTuple):
    """Who changes the factors of their account, and from where: a session, or a sign-on in a browser. That sign-on,
    with its sessions, goes on when others end."""

    user_id: UUID
    except_session: UUID | None = None
    except_sign_on: UUID | None = None


class Added(NamedTuple):
    """What adding a factor has done, and the recovery codes that were made with the first one."""

    act: Act
    recovery_codes: Sequence[str] = ()
