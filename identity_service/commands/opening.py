"""What a command works with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from identity_service.parts import Parts, assemble
from identity_service.schema import MIGRATIONS
from identity_service.settings import Settings
from watchword.service import load
from watchword.service.commands import usable


@asynccontextmanager
async def open_parts() -> AsyncIterator[Parts]:
    """The parts of identity, for one command."""
    parts = assemble(load(Settings))
    try:
        async with usable(parts, MIGRATIONS):
            await parts.digest_keys.load()
            yield parts
    finally:
        parts.passwords.stop()
