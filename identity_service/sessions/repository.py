"""The tables of sessions and refresh tokens. Rows are locked in the order user, sign-on, session, refresh token."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVarTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.clients.models import ClientRow
from identity_service.ending import EndReason
from identity_service.roles import repository as roles
from identity_service.sessions.models import LONGEST_RETRY, OVER_AT, RefreshToken, Session
from identity_service.sessions.values import AccountUse
from identity_service.sign_ons.models import SignOn
from identity_service.users import repository as users
from identity_service.users.models import User
from watchword.database.portions import PLACE, PORTION, delete_places, delete_portion
from watchword.database.statements import Statement

LIVE = Statement(
    select(Session.expires_at, User.tokens_valid_from, User.claims_version, roles.VERSION.label("role_version"))
    .join(User, User.id == Session.user_id)
    .where(
        Session.id == bindparam("session_id", type_=Session.id.type),
        Session.user_id == bindparam("user_id", type_=Session.user_id.type),
        Session.ended_at.is_(None),
        users.MAY_SIGN_IN,
    )
)

SIGN_ON = Statement(
    select(Session.sign_on_id).where(
        Session.id == bindparam("session_id", type_=Session.id.type),
        Session.user_id == bindparam("user_id", type_=Session.user_id.type),
    )
)
"""The sign-on that a session of this user came from, also if the session has ended."""

AUTHENTICATION = Statement(
    select(Session.acr, Session.amr).where(
        Session.id == bindparam("session_id", type_=Session.id.type),
        Session.user_id == bindparam("user_id", type_=Session.user_id.type),
    )
)
"""How strongly the person of this session was authenticated, less what a removed factor took from it."""

UNUSED = Statement(
    select(RefreshToken.id).where(
        RefreshToken.id == bindparam("token_id", type_=RefreshToken.id.type),
        RefreshToken.session_id == bindparam("session_id", type_=RefreshToken.session_id.type),
        RefreshToken.used_at.is_(None),
    )
)
"""The refresh token, if this session has it and it has not been traded in."""

Columns = TypeVarTuple("Columns")

# Deleting a token deletes its predecessor too, and that one's; so the predecessors go first. Ids are in order of time.
_OLDEST_FIRST: Final = (RefreshToken.expires_at, RefreshToken.id)


async def find_for_update(db: AsyncSession, user_id: UUID, session_id: UUID) -> Session | None:
    """A session of this user, its row locked until the transaction ends; None for another user's session."""
    statement = select(Session).where(Session.id == session_id, Session.user_id == user_id)
    return await db.scalar(statement.with_for_update())


async def list_live(db: AsyncSession, user_id: UUID, now: datetime) -> Sequence[Session]:
    """The live sessions of this user, the most recently seen first."""
    statement = _join_sign_on(select(Session)).where(Session.user_id == user_id, is_live_at(now))
    return (await db.scalars(statement.order_by(Session.last_seen_at.desc(), Session.id))).all()


async def use_of(db: AsyncSession, user_id: UUID, now: datetime) -> AccountUse:
    """What the live sessions of this user tell."""
    last_sign_in = func.max(func.coalesce(Session.authenticated_at, Session.created_at))
    statement = _join_sign_on(select(func.count(Session.id), last_sign_in))
    row = (await db.execute(statement.where(Session.user_id == user_id, is_live_at(now)))).one()
    return AccountUse(*row)


def is_live_at(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The condition for a session that has not ended, and whose sign-on, if it is joined and there is one, is live."""
    is_signed_on = Session.sign_on_id.is_(None) | and_(SignOn.ended_at.is_(None), SignOn.expires_at > now)
    return and_(Session.ended_at.is_(None), Session.expires_at > now, is_signed_on)


def _join_sign_on(statement: Select[*Columns]) -> Select[*Columns]:
    return statement.select_from(Session).outerjoin(SignOn, SignOn.id == Session.sign_on_id)


async def find_sign_on_id(db: AsyncSession, user_id: UUID, session_id: UUID) -> UUID | None:
    """The sign-on that a session of this user comes from, if any."""
    return await db.scalar(select(Session.sign_on_id).where(Session.id == session_id, Session.user_id == user_id))


async def ids_of_live(db: AsyncSession, sign_on_id: UUID, now: datetime) -> Sequence[UUID]:
    """The ids of the live sessions of a sign-on."""
    live = Session.sign_on_id == sign_on_id, Session.ended_at.is_(None), Session.expires_at > now
    return (await db.scalars(select(Session.id).where(*live))).all()


async def end_all(
    db: AsyncSession, user_id: UUID, reason: EndReason, now: datetime, *, except_ids: Collection[UUID] = ()
) -> Sequence[UUID]:
    """End every session of this user but these. Returns the ids of those that this call ended."""
    ids = select(Session.id).where(Session.user_id == user_id, Session.id.not_in(except_ids))
    return await _end(db, ids, reason, now)


async def end_of_sign_ons(
    db: AsyncSession, sign_on_ids: Collection[UUID], reason: EndReason, now: datetime
) -> Sequence[UUID]:
    """End every session of these sign-ons. Returns the ids of those that this call ended."""
    return await _end(db, select(Session.id).where(Session.sign_on_id.in_(sign_on_ids)), reason, now)


async def end_of_client(
    db: AsyncSession, user_id: UUID, client_id: str, reason: EndReason, now: datetime
) -> Sequence[UUID]:
    """End every session that this client has of this user, who must be locked. Returns the ids of those that this call
    ended."""
    ids = select(Session.id).where(Session.user_id == user_id, Session.client_id == client_id)
    return await _end(db, ids, reason, now)


async def end_some_of_client(
    db: AsyncSession, client_id: str, reason: EndReason, now: datetime, limit: int
) -> Mapping[UUID, Sequence[UUID]]:
    """End some of the live sessions of this client, of whomever they are. Returns the ids of those that this call
    ended, by their users."""
    live = Session.client_id == client_id, Session.ended_at.is_(None), Session.expires_at > now
    # In order: two transactions that end the same sessions must not wait for each other.
    in_order = select(Session.id).where(*live).order_by(Session.id).limit(limit).with_for_update()
    is_one = Session.id == func.any(func.array(in_order.scalar_subquery()))
    statement = update(Session).where(is_one).values(ended_at=now, end_reason=reason)
    statement = statement.returning(Session.user_id, Session.id)
    ended: dict[UUID, list[UUID]] = {}
    for user_id, session_id in await db.execute(statement, execution_options={"synchronize_session": False}):
        ended.setdefault(user_id, []).append(session_id)
    return ended


async def ids_over_of_client(db: AsyncSession, client_id: str, now: datetime, limit: int) -> Sequence[UUID]:
    """The ids of some sessions of this client that have ended or expired."""
    is_over = Session.client_id == client_id, or_(Session.ended_at.is_not(None), Session.expires_at <= now)
    return (await db.scalars(select(Session.id).where(*is_over).limit(limit))).all()


async def end_least_recent(db: AsyncSession, user_id: UUID, keep: int, limit: int, now: datetime) -> Sequence[UUID]:
    """Of the live sessions of this user, end some until `keep` are left, but no more than `limit`: those first that
    cannot be refreshed, since a client that gets no refresh token starts one every few minutes; then those that were
    used longest ago. The user must be locked. Returns the ids of those that this call ended."""
    live = Session.user_id == user_id, Session.ended_at.is_(None), Session.expires_at > now
    unspent = RefreshToken.session_id == Session.id, RefreshToken.used_at.is_(None), RefreshToken.expires_at > now
    in_order = exists().where(*unspent), Session.last_seen_at, Session.id
    last_first = [column.desc() for column in in_order]
    place = func.row_number().over(order_by=last_first).label("place")
    beyond = select(Session.id, place).where(*live).order_by(place).offset(keep).subquery()
    ids = select(beyond.c.id).order_by(beyond.c.place.desc()).limit(limit)
    return await _end(db, select(Session.id).where(Session.id.in_(ids)), EndReason.TOO_MANY, now)


async def _end(db: AsyncSession, ids: Select[UUID], reason: EndReason, now: datetime) -> Sequence[UUID]:
    """End those of these sessions that have not ended, and return their ids."""
    # In order: two transactions that end the same sessions must not wait for each other.
    in_order = ids.where(Session.ended_at.is_(None)).order_by(Session.id).with_for_update()
    is_one = Session.id == func.any(func.array(in_order.scalar_subquery()))
    statement = update(Session).where(is_one).values(ended_at=now, end_reason=reason).returning(Session.id)
    return (await db.scalars(statement, execution_options={"synchronize_session": False})).all()


async def count_issued_between(db: AsyncSession, since: datetime, until: datetime, now: datetime) -> int:
    """How many live sessions have an unspent refresh token that was issued in this time."""
    statement = (
        select(func.count())
        .select_from(RefreshToken)
        .join(Session, Session.id == RefreshToken.session_id)
        .where(
            RefreshToken.used_at.is_(None),
            RefreshToken.issued_at.between(since, until),
            RefreshToken.expires_at > now,
            Session.ended_at.is_(None),
            Session.expires_at > now,
        )
    )
    return (await db.scalars(statement)).one()


async def settle_names_scopes(db: AsyncSession, client_id: str, scopes: Sequence[str], after: UUID) -> UUID | None:
    """For a portion of the sessions of this client that follow the id `after`: where a row of an earlier release does
    not say whether it was asked for scopes by name, write down that it was unless it has all of these.

    Returns the last id of the portion; None if there was none.
    """
    present = cast(list(scopes), ARRAY(Text))
    is_whole = Session.scopes.contains(present) & Session.scopes.contained_by(present)
    unsettled = Session.client_id == client_id, Session.names_scopes.is_(None), Session.ended_at.is_(None)
    portion = select(Session.id).where(*unsettled, Session.id > after).order_by(Session.id).limit(PORTION)
    # As an array, which is selected once: if PostgreSQL takes the table for a small one, it selects the rows of an IN
    # anew for each row that it compares with them.
    ids = func.array(portion.with_for_update().scalar_subquery())
    statement = update(Session).where(Session.id == func.any(ids)).values(names_scopes=~is_whole)
    settled = await db.scalars(statement.returning(Session.id), execution_options={"synchronize_session": False})
    return max(settled, default=None)


async def ids_of_user(db: AsyncSession, user_id: UUID, after: UUID, limit: int) -> Sequence[UUID]:
    """The ids of sessions of this user, in order, that follow the id `after`."""
    following = Session.user_id == user_id, Session.id > after
    return (await db.scalars(select(Session.id).where(*following).order_by(Session.id).limit(limit))).all()


async def ids_over(db: AsyncSession, before: datetime, limit: int) -> Sequence[UUID]:
    """The ids of sessions that ended or expired before this time, the first to end first."""
    return (await db.scalars(select(Session.id).where(before > OVER_AT).order_by(OVER_AT).limit(limit))).all()


async def ids_of_sign_ons(db: AsyncSession, sign_on_ids: Collection[UUID], limit: int) -> Sequence[UUID]:
    """The ids of sessions of these sign-ons."""
    return (await db.scalars(select(Session.id).where(Session.sign_on_id.in_(sign_on_ids)).limit(limit))).all()


async def delete_sign_ons(db: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    """Delete a portion of the sign-ons that meet the conditions and have no session, and return how many."""
    has_session = exists().where(Session.sign_on_id == SignOn.id)
    return await delete_portion(db, SignOn, *conditions, ~has_session, order_by=[SignOn.id])


async def delete_expired_tokens(db: AsyncSession, before: datetime) -> int:
    """Delete a portion of the refresh tokens that expired before this time, and return how many."""
    return await delete_portion(db, RefreshToken, RefreshToken.expires_at < before, order_by=_OLDEST_FIRST)


async def delete_tokens_of(db: AsyncSession, session_ids: Sequence[UUID], before: datetime | None = None) -> int:
    """Delete a portion of the refresh tokens of these sessions, and return how many: all, or those that could not be
    traded in at the time `before`, since they had expired or were spent and their retry was over."""
    sessions = select(Session.id).where(Session.id.in_(session_ids)).subquery()
    conditions = [RefreshToken.session_id == sessions.c.id]
    if before is not None:
        conditions.append(or_(RefreshToken.expires_at < before, RefreshToken.used_at < before - LONGEST_RETRY))
    # Session by session, so that the index gives their order: one session may have most of all tokens.
    tokens = select(PLACE).select_from(RefreshToken).where(*conditions).order_by(*_OLDEST_FIRST).limit(PORTION)
    of_session = tokens.with_for_update(skip_locked=True).lateral()
    places = select(of_session.c.place).select_from(sessions.join(of_session, true())).limit(PORTION)
    return await delete_places(db, RefreshToken, places)


async def delete_without_tokens(
    db: AsyncSession, session_ids: Sequence[UUID], *, live_at: datetime | None = None
) -> int:
    """Delete those of these sessions that have no refresh token, and return how many. Nobody can use such a session.

    Sessions that are live at the time `live_at` stay if their client gets logout tokens: their end must be reported.
    """
    has_token = exists().where(RefreshToken.session_id == Session.id)
    conditions = [Session.id.in_(session_ids), ~has_token]
    if live_at is not None:
        has_uri = exists().where(ClientRow.id == Session.client_id, ClientRow.backchannel_logout_uri.is_not(None))
        conditions.append(or_(Session.ended_at.is_not(None), Session.expires_at <= live_at, ~has_uri))
    statement = delete(Session).where(*conditions).returning(Session.id)
    return len((await db.scalars(statement, execution_options={"synchronize_session": False})).all())
