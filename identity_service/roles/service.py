"""What roles may do: changing it, and deleting roles."""

from collections.abc import Collection

from identity_service.errors import PermissionUnknown, RoleNeeded, RoleNotFound
from identity_service.recording.cause import Cause
from identity_service.recording.recorder import Recorder, RoleChange
from identity_service.roles import repository
from watchword.clock import Clock
from watchword.database.database import Database

ADMIN = "admin"
"""The role that the set-up gives to the first administrator."""


class Roles:
    """The roles of an installation. A change is one event however many people have the role: receivers refuse every
    token that carries it and is older."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def set_permissions(self, name: str, permissions: Collection[str], cause: Cause) -> None:
        """Give the role exactly these permissions. Doing so twice has no further effect.

        Raises RoleNotFound; PermissionUnknown for a permission that no service reads.
        """
        async with self._database.begin() as db:
            await repository.lock(db)
            if await repository.find_for_update(db, name) is None:
                raise RoleNotFound(f"there is no role {name}")
            if unknown := await repository.find_unknown_permissions(db, permissions):
                raise PermissionUnknown(f"there is no permission {', '.join(unknown)}")
            if set(permissions) == await repository.permissions_of(db, name):
                return
            await repository.replace_permissions(db, name, permissions)
            version = await repository.raise_version(db, name)
            await self._recorder.role_changed(db, self._clock.now(), RoleChange(name, version), permissions, cause)

    async def delete(self, name: str, cause: Cause) -> None:
        """Delete the role, and take it from everybody who has it. Raises RoleNotFound, and RoleNeeded for a role that
        this service gives by itself."""
        if name in (repository.DEFAULT_ROLE, ADMIN):
            raise RoleNeeded(f"this service itself gives the role {name}, so it cannot be deleted")
        async with self._database.begin() as db:
            await repository.lock(db)
            role = await repository.find_for_update(db, name)
            if role is None:
                raise RoleNotFound(f"there is no role {name}")
            await repository.delete_role(db, role)
            version = await repository.raise_version(db, name)
            await self._recorder.role_deleted(db, self._clock.now(), RoleChange(name, version), cause)
