"""What roles may do: making, reading, changing and deleting roles."""

from typing import NamedTuple

from asyncpg import Record
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.obedience.models import Act
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from identity_service.roles import repository
from identity_service.roles.changes import RoleChanges
from identity_service.roles.errors import PermissionUnknown, RoleExists, RoleNeeded, RoleNotFound
from identity_service.roles.models import Role
from identity_service.roles.values import Expectation, RoleContent, RoleView, whatever
from watchword.database.database import Database
from watchword.http.keyset import cursor_of, text_in
from watchword.http.paging import Page

ADMIN = "admin"
"""The role that the set-up gives to the first administrator."""

_LIST = "roles"


class ChangedRole(NamedTuple):
    """A role after a change, and the act if tokens that carry it are refused because of that."""

    role: RoleView
    act: Act | None


class Roles:
    """The roles of an installation. A change is one event however many people have the role: receivers refuse every
    token that carries it and is older."""

    def __init__(self, database: Database, changes: RoleChanges) -> None:
        self._database = database
        self._changes = changes

    async def list(self, cursor: str | None, limit: int) -> Page[RoleView]:
        """Roles in the order of their names. Raises InvalidCursor."""
        after = "" if cursor is None else text_in(_LIST, cursor)
        rows = await self._database.reads.fetch_rows(repository.PAGE, name=after, limit=limit + 1)
        return Page.of([_view(row) for row in rows], limit, lambda role: cursor_of(_LIST, role.name.encode()))

    async def get(self, name: str) -> RoleView:
        """Raises RoleNotFound."""
        row = await self._database.reads.fetch_row(repository.ROLE, name=name)
        if row is None:
            raise RoleNotFound(f"there is no role {name}")
        return _view(row)

    async def create(self, name: str, description: str, content: RoleContent, cause: Cause) -> RoleView:
        """Make a role. No token carries it yet, since those of a former role with its name stay refused.

        Raises RoleExists, RoleTooLarge, PermissionUnknown.
        """
        content.ensure_small()
        async with self._database.begin() as db:
            await repository.lock(db)
            await _ensure_known(db, content)
            permissions = sorted(set(content.permissions or ()))
            role = RoleView(name, description, permissions, bool(content.requires_second_factor))
            if not await repository.insert_missing(db, role):
                raise RoleExists(f"there is a role {name} already")
            record_act(db, cause, "role.created", name, before=None, after=role.as_members())
        return role

    async def change(
        self, name: str, content: RoleContent, cause: Cause, expect: Expectation = whatever
    ) -> ChangedRole:
        """Give the role exactly what the content says. Doing so twice has no further effect.

        Raises RoleNotFound, RoleTooLarge, PermissionUnknown, LastAdministrator, and what `expect` raises.
        """
        content.ensure_small()
        async with self._database.begin() as db:
            role, before = await self._get_for_update(db, name, expect)
            await _ensure_known(db, content)
            after = content.applied_to(before)
            role.description, role.requires_second_factor = after.description, after.requires_second_factor
            if after == before:
                return ChangedRole(after, None)
            if after.permissions == before.permissions:
                self._changes.record_quietly(db, before, after, cause)
                return ChangedRole(after, None)
            await repository.replace_permissions(db, name, after.permissions)
            enqueued = await self._changes.record(db, before, after, cause)
            return ChangedRole(after, Act(enqueued, cause.actor, name))

    async def delete(self, name: str, cause: Cause, expect: Expectation = whatever) -> Act:
        """Delete the role, and take it from everybody who has it.

        Raises RoleNotFound, RoleNeeded for a role that this service gives by itself, LastAdministrator, and what
        `expect` raises.
        """
        if name in (repository.DEFAULT_ROLE, ADMIN):
            raise RoleNeeded(f"this service itself gives the role {name}, so it cannot be deleted")
        async with self._database.begin() as db:
            role, before = await self._get_for_update(db, name, expect)
            await repository.delete_role(db, role)
            return Act(await self._changes.record(db, before, None, cause), cause.actor, name)

    async def _get_for_update(self, db: AsyncSession, name: str, expect: Expectation) -> tuple[Role, RoleView]:
        await repository.lock(db)
        role = await repository.find_for_update(db, name)
        if role is None:
            raise RoleNotFound(f"there is no role {name}")
        view = await repository.view_of(db, role)
        expect(view)
        return role, view


async def _ensure_known(db: AsyncSession, content: RoleContent) -> None:
    permissions = content.permissions or ()
    if unknown := await repository.find_unknown_permissions(db, permissions):
        raise PermissionUnknown.among(permissions, unknown)


def _view(row: Record) -> RoleView:
    return RoleView(row["name"], row["description"], row["permissions"], row["requires_second_factor"])
