"""python -m posts_service: serve, migrate, and look after jobs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from posts_service.parts import MIGRATIONS
from posts_service.settings import PostsMigrationSettings, Settings
from watchword.service import CommandLine

if TYPE_CHECKING:
    from posts_service.parts import Parts
    from watchword.service.commands import CommandGroup

FORMER_NAMES = {"retry-job": "jobs retry ID"}


def main(arguments: Sequence[str] | None = None) -> None:
    line = CommandLine(
        "posts_service",
        __doc__,
        MIGRATIONS,
        Settings,
        PostsMigrationSettings,
        groups=_groups,
        former_names=FORMER_NAMES,
    )
    line.run(arguments)


def _groups() -> "tuple[CommandGroup[Parts], ...]":
    # Imported here: a process that serves would keep it in memory.
    from posts_service.commands import JOBS
    from posts_service.recovery_commands import GROUP

    return (JOBS, GROUP)
