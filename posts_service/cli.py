"""python -m posts_service: serve, migrate, and look after jobs."""

import argparse
import asyncio
from collections.abc import Sequence

from posts_service.parts import MIGRATIONS, assemble
from posts_service.settings import PostsMigrationSettings, Settings
from watchword.service import CommandLine, load
from watchword.service.commands import run_command
from watchword.service.job_commands import Command, add_job_commands


def main(arguments: Sequence[str] | None = None) -> None:
    line = CommandLine("posts_service", __doc__, MIGRATIONS, Settings, PostsMigrationSettings)

    def add(name: str, description: str, command: Command) -> argparse.ArgumentParser:
        return line.add(name, description, lambda options: asyncio.run(_run(command, options)))

    add_job_commands(add)
    line.run(arguments)


async def _run(command: Command, options: argparse.Namespace) -> None:
    await run_command(assemble(load(Settings)), MIGRATIONS, command, options)
