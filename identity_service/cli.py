"""python -m identity_service: serve, migrate, and administer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from identity_service.schema import MIGRATIONS
from identity_service.settings import IdentityMigrationSettings, Settings, SetupSettings
from watchword.service import CommandLine

if TYPE_CHECKING:
    from watchword.service.commands import CommandGroup

FORMER_NAMES: Final = {
    "create-admin": "users create USERNAME --email ADDRESS --role admin",
    "reset-password": "users set-password USER",
    "set-roles": "users set-roles USER ROLE…",
    "disable-user": "users disable USER",
    "enable-user": "users enable USER",
    "set-permissions": "roles change ROLE --permission PERMISSION",
    "delete-role": "roles delete ROLE",
    "create-service": "services create AUDIENCE --name NAME, or for one that exists services change AUDIENCE",
    "create-client": "clients create ID",
    "extend-client": "clients extend ID",
    "change-client": "clients change ID",
    "show-client": "clients show ID",
    "rotate-client-secret": "clients add-secret ID",
    "end-former-secret": "clients end-former-secret ID",
    "rotate-keys": "keys rotate",
    "withdraw-key": "keys withdraw KID",
    "seal-keys": "keys seal",
    "retry-job": "jobs retry ID",
    "prune-audit": "audit prune --older-than DAYS",
}


def main(arguments: Sequence[str] | None = None) -> None:
    line = CommandLine(
        "identity_service",
        __doc__,
        MIGRATIONS,
        Settings,
        IdentityMigrationSettings,
        groups=_groups,
        former_names=FORMER_NAMES,
    )
    line.reads("setup", SetupSettings)
    line.reads("audit prune", IdentityMigrationSettings)
    line.run(arguments)


def _groups() -> "Sequence[CommandGroup[Any]]":
    # Imported here: a process that serves would keep it in memory.
    from identity_service.commands import GROUPS

    return GROUPS
