"""What the hourly clean-up deletes, and how long after it has expired."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization_codes import repository as authorization_codes
from identity_service.device_grants import cleanup as device_grants
from identity_service.factors import repository as factors
from identity_service.half_open_sign_ins import repository as half_open_sign_ins
from identity_service.links import repository as links
from identity_service.refused_sign_ins import repository as refused_sign_ins
from identity_service.sessions import cleanup as sessions
from identity_service.tables import ALLOWANCES, JOBS
from identity_service.users import repository as users
from identity_service.users import usernames
from watchword.jobs.cleanup import DeletePortion, dead_jobs_of, unneeded_of

AWAITED_FOR: Final = timedelta(days=7)
"""How long an account may await the verification of its address."""

REFUSALS_FOR: Final = timedelta(days=90)
"""How long the record of refused sign-ins is kept."""

CODES_FOR: Final = timedelta(days=1)
"""How long after its end an authorization code is remembered: until then, presenting it again ends the session that it
made."""

CHALLENGES_FOR: Final = timedelta(days=1)
"""How long after its end a spent challenge is remembered: a replica whose clock is behind, or is set back, takes it for
one that has not expired, and must not accept its answer again."""


async def _delete_released_usernames(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"released_usernames": await usernames.delete_portion_of_free(db, now)}


async def _delete_half_open_sign_ins(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"half_open_sign_ins": await half_open_sign_ins.delete_expired(db, now)}


async def _delete_expired_links(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"links": await links.delete_expired(db, now)}


async def _delete_unverified(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"unverified_accounts": await users.delete_long_awaiting(db, now - AWAITED_FOR)}


async def _delete_refused_sign_ins(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"refused_sign_ins": await refused_sign_ins.delete_before(db, now - REFUSALS_FOR)}


async def _delete_refused_sign_ins_of_deleted(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"refused_sign_ins": await refused_sign_ins.delete_of_deleted(db, now)}


async def _delete_authorization_codes(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"authorization_codes": await authorization_codes.delete_expired(db, now - CODES_FOR)}


async def _delete_expired_enrolments(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"enrolments": await factors.delete_expired_enrolments(db, now)}


async def _delete_spent_challenges(db: AsyncSession, now: datetime) -> Mapping[str, int]:
    return {"spent_challenges": await factors.delete_expired_challenges(db, now - CHALLENGES_FOR)}


EXPIRED: Final[tuple[DeletePortion, ...]] = (
    _delete_authorization_codes,
    sessions.delete_expired_tokens,
    sessions.delete_sessions_over,
    sessions.delete_sign_ons_over,
    device_grants.delete_expired,
    _delete_half_open_sign_ins,
    _delete_released_usernames,
    _delete_expired_links,
    _delete_unverified,
    _delete_refused_sign_ins,
    _delete_refused_sign_ins_of_deleted,
    _delete_expired_enrolments,
    _delete_spent_challenges,
    dead_jobs_of(JOBS),
    unneeded_of(ALLOWANCES),
)
"""What is cleaned up, in this order."""
