"""The SQL of lists of accounts. Each list walks along one index, in its order, and reads at most WINDOW rows for a
page: what the other filters leave out is read, too, and could be most of the table."""

from enum import StrEnum
from functools import cache
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    String,
    Subquery,
    Uuid,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from identity_service.roles.models import UserRole
from identity_service.users.models import ADDRESS_KEY, NAME_KEY, AccountState, User
from identity_service.users.stand_ins import IS_STAND_IN
from watchword.database.statements import Statement
from watchword.database.windows import AnySelect, page_of_window


class Walk(StrEnum):
    """The index along which a list is read."""

    NEWEST = "newest"
    DISABLED = "disabled"
    AWAITING = "awaiting"
    HOLDERS = "holders"
    NAMES = "names"
    ADDRESSES = "addresses"

    @property
    def is_search(self) -> bool:
        """Whether it is in the order of a text, and not the newest first."""
        return self in (Walk.NAMES, Walk.ADDRESSES)


class Filters(NamedTuple):
    """Which accounts a list has: those whose username or address begins with `prefix`, those with a role, those in a
    state. None is for all."""

    prefix: str | None = None
    role: str | None = None
    state: AccountState | None = None


_ID: Final = bindparam("after", type_=Uuid())
_KEY: Final = bindparam("after", type_=String())
_ROLE: Final = bindparam("role", type_=String())
_PREFIX: Final = func.lower(bindparam("prefix", type_=String()))
# No text that begins with the prefix comes after it with the highest character there is.
_BEHIND_PREFIX: Final = _PREFIX.concat(func.chr(literal_column("1114111")))
_ANY_ID: Final = literal_column(f"'{UUID(int=0)}'::uuid", User.id.type)

_STATES: Final[dict[AccountState | None, ColumnElement[bool]]] = {
    None: true(),
    AccountState.ACTIVE: User.is_active & ~User.awaits_verification,
    AccountState.DISABLED: ~User.is_active,
    AccountState.AWAITING_VERIFICATION: User.is_active & User.awaits_verification,
}
_COLUMNS: Final = (
    User.id,
    User.username,
    User.email,
    User.email_verified_at.is_not(None).label("email_verified"),
    User.full_name,
    User.is_active,
    User.awaits_verification,
    User.created_at,
)


@cache
def list_statement(walk: Walk, has_role: bool, state: AccountState | None) -> Statement:
    """A page of the list along this index (`windows`)."""

    def accounts_of(window: Subquery) -> AnySelect:
        return _accounts_of(window, walk, state, has_role)

    steps = _steps(walk)
    return Statement(
        page_of_window(steps, accounts_of, is_descending=not walk.is_search, also=lambda page: [_roles_of(page)])
    )


def _accounts_of(window: Subquery, walk: Walk, state: AccountState | None, has_role: bool) -> AnySelect:
    """The accounts of the window that the other filters select."""
    account = select(*_COLUMNS).where(User.id == window.c.id, _STATES[state], ~IS_STAND_IN)
    if walk is Walk.ADDRESSES:
        # They are in the list of names.
        account = account.where(~func.starts_with(func.lower(User.username), _PREFIX))
    if has_role and walk is not Walk.HOLDERS:
        account = account.where(exists().where(UserRole.user_id == User.id, UserRole.role == _ROLE))
    # Each account is looked up by its id: without a limit, PostgreSQL may read all that are in the state instead.
    by_id = account.limit(literal_column("1")).lateral("account")
    return select(*by_id.c, window.c.key).select_from(window.join(by_id, true()))


def _steps(walk: Walk) -> AnySelect:
    """The entries of the index from where the last page ended, in order: an id and the key that the order has."""
    if walk is Walk.HOLDERS:
        holders = UserRole.role == _ROLE, UserRole.user_id < _ID
        key = UserRole.user_id
        return select(key.label("id"), key.label("key")).where(*holders).order_by(key.desc())
    if not walk.is_search:
        in_index = {Walk.DISABLED: ~User.is_active, Walk.AWAITING: User.awaits_verification}.get(walk, true())
        newest_first = User.id.desc()
        return select(User.id, User.id.label("key")).where(in_index, User.id < _ID).order_by(newest_first)
    text = NAME_KEY if walk is Walk.NAMES else ADDRESS_KEY
    # A pair, since PostgreSQL takes what lies between two parameters for very few rows, whatever the table has, and
    # would then read and sort all of them.
    before = tuple_(text, User.id) < tuple_(_BEHIND_PREFIX, _ANY_ID)
    in_range = text >= _PREFIX, text > _KEY, before
    return select(User.id, text.label("key")).where(*in_range).order_by(text)


def _roles_of(page: CTE) -> ColumnElement[list[str]]:
    names = func.array_agg(aggregate_order_by(UserRole.role, UserRole.role))
    return select(func.coalesce(names, [])).where(UserRole.user_id == page.c.id).scalar_subquery().label("roles")
