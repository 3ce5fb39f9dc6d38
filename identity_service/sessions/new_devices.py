"""Whether a device is one that an account has not used lately, by what sessions and sign-ons say of themselves."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import DateTime, bindparam, exists, func, literal_column, or_, select

from identity_service.ending import RETENTION
from identity_service.sessions.models import Session, device_number
from identity_service.sign_ons.models import SignOn
from identity_service.users.models import User
from watchword.database.statements import Statement

KNOWN_FOR: Final = timedelta(days=90)
"""How long a device is known after its last use."""

_USER: Final = bindparam("user_id", type_=Session.user_id.type)
_DEVICE: Final = bindparam("device", type_=Session.device.type)
_KNOWN_SINCE: Final = bindparam("known_since", type_=DateTime(timezone=True))

HAS_SESSION: Final = exists().where(
    Session.user_id == _USER,
    device_number(Session.device) == device_number(_DEVICE),
    func.coalesce(Session.device, literal_column("''")) == func.coalesce(_DEVICE, literal_column("''")),
    Session.last_seen_at > _KNOWN_SINCE,
)
"""Whether a session of the user `user_id` had this `device` after `known_since`."""

# What has ended is kept for a while: an account that is younger, and has none, has never signed in.
_HAS_SIGNED_IN: Final = or_(
    User.created_at < bindparam("kept_since", type_=DateTime(timezone=True)),
    exists().where(Session.user_id == _USER),
    exists().where(SignOn.user_id == _USER),
)
_HAS_SIGN_ON: Final = exists().where(
    SignOn.user_id == _USER,
    func.coalesce(SignOn.device, literal_column("''")) == func.coalesce(_DEVICE, literal_column("''")),
    SignOn.last_seen_at > _KNOWN_SINCE,
)
HAS_SIGNED_IN: Final = Statement(select(_HAS_SIGNED_IN.label("answer")).where(User.id == _USER))
"""Whether the user `user_id` has signed in before. It takes `kept_since`; the answer is true if that is not certain."""

IS_NEW_DEVICE: Final = Statement(
    select((_HAS_SIGNED_IN & ~HAS_SESSION & ~_HAS_SIGN_ON).label("answer")).where(User.id == _USER)
)
"""Whether the user has signed in before, but not on this `device` after `known_since`. It takes `kept_since` too."""


def known_since(now: datetime) -> datetime:
    return now - KNOWN_FOR


def kept_since(now: datetime) -> datetime:
    """No session that ended after this time has been deleted."""
    return now - RETENTION
