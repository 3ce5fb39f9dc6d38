"""The sign-on and the sessions that go on while their owner changes factors."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authentications import (
    KEY,
    MULTIPLE_FACTORS,
    ONE_TIME_CODE,
    PASSWORD,
    PHISHING_RESISTANT,
    Authentication,
)
from identity_service.errors import SessionEnded, SignOnRequired
from identity_service.factor_acts.values import Owner
from identity_service.factors.models import Passkey
from identity_service.factors.repository import Factor, Kinds
from identity_service.sessions import repository as sessions
from identity_service.sessions.models import Session
from identity_service.sign_ons import repository as sign_ons
from identity_service.sign_ons.models import SignOn
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.auth.assurance import LEVELS
from watchword.clock import Clock


class Present(NamedTuple):
    """A sign-on, None for a session that was made without a browser, and the live sessions beside it."""

    sign_on: SignOn | None
    sessions: Sequence[Session]


async def lock_owner(db: AsyncSession, owner: Owner, clock: Clock) -> tuple[User, datetime]:
    """The user, whose row and those of the owner's sign-on and session are locked until the transaction ends, and the
    time, which was read under these locks. Raises SignOnRequired or SessionEnded if what the owner acts from has ended
    since the request was let in: nobody adds a factor after the owner of the account has ended everything."""
    user = await users.find_for_update(db, owner.user_id)
    present = await lock_present(db, owner)
    now = clock.now()
    if owner.session_id is not None:
        is_live = any(session.id == owner.session_id and session.is_live(now) for session in present.sessions)
        if user is None or not is_live or (present.sign_on is not None and not present.sign_on.is_live(now)):
            raise SessionEnded("the session ended while factors were being changed")
    elif user is None or present.sign_on is None or not present.sign_on.is_live(now):
        raise SignOnRequired("the sign-on ended while factors were being changed")
    return user, now


async def origin_of(db: AsyncSession, owner: Owner) -> UUID:
    """The sign-on that the owner acts from, or the session if it has none."""
    if owner.session_id is None:
        return owner.sign_on_id or owner.user_id
    return await sessions.find_sign_on_id(db, owner.user_id, owner.session_id) or owner.session_id


async def lock_present(db: AsyncSession, owner: Owner) -> Present:
    """What the owner acts from, locked until the transaction ends. The user must be locked."""
    sign_on_id = owner.sign_on_id
    if owner.session_id is not None:
        sign_on_id = await sessions.find_sign_on_id(db, owner.user_id, owner.session_id)
    sign_on = None
    if sign_on_id is not None:
        sign_on = await sign_ons.find_of_user_for_update(db, owner.user_id, sign_on_id)
    is_present = Session.sign_on_id == sign_on_id if sign_on_id is not None else Session.id == owner.session_id
    conditions = Session.user_id == owner.user_id, Session.ended_at.is_(None), is_present
    statement = select(Session).where(*conditions).order_by(Session.id).with_for_update()
    rows = await db.scalars(statement.execution_options(populate_existing=True))
    return Present(sign_on, rows.all())


def raise_by(sign_on: SignOn | None, factor: Factor) -> None:
    """Let a sign-on count for what was shown in it when this factor was added. It must be locked. Its sessions stay
    what they are: the values of their tokens are those of the answer that they came with (RFC 9068 section 2.2.1)."""
    if sign_on is None:
        return
    before = Authentication(sign_on.authenticated_at, sign_on.acr, sign_on.amr)
    after = before.raised_by_passkey() if isinstance(factor, Passkey) else before.raised_by_code()
    sign_on.acr, sign_on.amr = after.acr, list(after.amr)


def lower_to(present: Present, level: str) -> bool:
    """Let a sign-on and its sessions, which must be locked, count for at most this level. Returns whether any counted
    for more."""
    rows = [row for row in (present.sign_on, *present.sessions) if row is not None and is_above(row.acr, level)]
    for row in rows:
        row.acr = level
        row.amr = _methods_at(level, row.amr or ())
    return bool(rows)


def level_of(kinds: Kinds) -> str:
    """The strongest level at which an account with these kinds of factors can be signed on."""
    if kinds.passkey:
        return PHISHING_RESISTANT
    return MULTIPLE_FACTORS if kinds.app else PASSWORD


def level_given_by(factor: Factor) -> str:
    """The strongest level at which an account with this factor alone can be signed on."""
    return PHISHING_RESISTANT if isinstance(factor, Passkey) else MULTIPLE_FACTORS


def is_above(acr: str | None, level: str) -> bool:
    return LEVELS.index(acr or PASSWORD) > LEVELS.index(level)


def _methods_at(level: str, methods: Sequence[str]) -> list[str]:
    """The methods (RFC 8176) that still count at a level. Of a person who used nothing but a passkey, it stays: it is
    what they did, and no other method is true."""
    counting = [method for method in methods if method != MULTIPLE_FACTORS or level == MULTIPLE_FACTORS]
    gone = {KEY} if level == MULTIPLE_FACTORS else {KEY, ONE_TIME_CODE}
    left = [method for method in counting if method not in gone]
    return left if set(left) - {MULTIPLE_FACTORS} else counting
