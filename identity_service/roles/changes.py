"""Changes of what roles may do, as each of them is recorded."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.events.enqueueing import NOTHING, Enqueued
from identity_service.recording.acts import record_act
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder
from identity_service.recording.values import RoleChange
from identity_service.roles import administrators, repository
from identity_service.roles.permissions import ADMINISTER
from identity_service.roles.values import RoleView
from watchword.clock import Clock


class RoleChanges:
    """Records changes of roles in the transaction of the change, which must hold `repository.lock`."""

    def __init__(self, recorder: Recorder, clock: Clock) -> None:
        self._recorder = recorder
        self._clock = clock

    async def record(self, db: AsyncSession, before: RoleView, after: RoleView | None, cause: Cause) -> Enqueued:
        """Record a change of what the role may do, in one event; `after` is None if it was deleted. Raises
        LastAdministrator."""
        return await self.record_all(db, [(before, after)], cause)

    async def record_all(
        self, db: AsyncSession, changes: Sequence[tuple[RoleView, RoleView | None]], cause: Cause
    ) -> Enqueued:
        """Record several changes as `record` does, each in one event. Raises LastAdministrator."""
        enqueued = NOTHING
        for before, after in changes:
            enqueued += await self._record(db, before, after, cause)
        # The last lock, after those of the events.
        if any(_loses_administrators(before, after) for before, after in changes):
            await administrators.ensure_one_remains(db)
        return enqueued

    def record_quietly(self, db: AsyncSession, before: RoleView, after: RoleView, cause: Cause) -> None:
        """Record a change after which the role allows what it did: no token says anything else."""
        is_policy = before.requires_second_factor != after.requires_second_factor
        action = "role.policy_changed" if is_policy else "role.described"
        record_act(db, cause, action, after.name, before=before.as_members(), after=after.as_members())

    async def take(self, db: AsyncSession, permissions: Collection[str], cause: Cause) -> Enqueued:
        """Take these permissions from every role that has one, in one event for each of these roles. Raises
        LastAdministrator."""
        changes = []
        for role in await repository.with_permissions_for_update(db, permissions):
            before = await repository.view_of(db, role)
            left = [permission for permission in before.permissions if permission not in permissions]
            await repository.replace_permissions(db, role.name, left)
            changes.append((before, replace(before, permissions=left)))
        return await self.record_all(db, changes, cause)

    async def _record(self, db: AsyncSession, before: RoleView, after: RoleView | None, cause: Cause) -> Enqueued:
        version = await repository.raise_version(db, before.name)
        members = None if after is None else after.as_members()
        change = RoleChange(before.name, version, before.as_members(), members)
        record = self._recorder.role_deleted if after is None else self._recorder.role_changed
        return await record(db, self._clock.now(), change, cause)


def _loses_administrators(before: RoleView, after: RoleView | None) -> bool:
    return ADMINISTER in before.permissions and (after is None or ADMINISTER not in after.permissions)
