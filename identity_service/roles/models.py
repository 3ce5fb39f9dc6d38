"""A role, its permissions, and who has it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_service.tables import Base


@dataclass(frozen=True, slots=True)
class RolesAndPermissions:
    """The roles of one person and what these allow, each in alphabetical order, and the `version` that they were read
    at: how often any role of the installation had changed."""

    roles: list[str]
    permissions: list[str]
    version: int

    def as_claims(self) -> dict[str, list[str]]:
        return {"roles": self.roles, "permissions": self.permissions}


class Role(Base):
    """Who has a role that `requires_second_factor`, and has none, adds one before anything else."""

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str]
    requires_second_factor: Mapped[bool] = mapped_column(server_default=text("false"))


class RolePermission(Base):
    __tablename__ = "role_permissions"

    role: Mapped[str] = mapped_column(ForeignKey(Role.name, ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(primary_key=True)


class UserRole(Base):
    __tablename__ = "user_roles"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("identity.users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(ForeignKey(Role.name), primary_key=True)


# For all who have a role, too.
Index("user_roles_holders_idx", UserRole.role, UserRole.user_id)


class RoleVersion(Base):
    """The version of the latest change to what a role may do. It outlives the role, since tokens may still carry it."""

    __tablename__ = "role_versions"

    role: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, unique=True)
