"""python -m posts_service: serve, migrate."""

from collections.abc import Sequence

from posts_service.parts import MIGRATIONS
from posts_service.settings import PostsMigrationSettings, Settings
from watchword.service import CommandLine


def main(arguments: Sequence[str] | None = None) -> None:
    CommandLine("posts_service", __doc__, MIGRATIONS, Settings, PostsMigrationSettings).run(arguments)
