"""What a command works with."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from identity_service.commands.advice import advised
from identity_service.parts import Parts, assemble
from identity_service.schema import MIGRATIONS
from identity_service.settings import Settings, SetupSettings
from watchword.service import load
from watchword.service.commands import usable


@asynccontextmanager
async def open_parts(settings: type[Settings] = Settings) -> AsyncIterator[Parts]:
    """The parts of identity, for one command. A refusal by one says what to enter next."""
    async with open_without_keys(settings) as parts:
        await parts.digest_keys.load()
        yield parts


@asynccontextmanager
async def open_without_keys(settings: type[Settings] = Settings) -> AsyncIterator[Parts]:
    """The same, also if the key-encryption key of the settings does not open what it should."""
    parts = assemble(load(settings))
    try:
        async with usable(parts, MIGRATIONS):
            with advised():
                yield parts
    finally:
        parts.passwords.stop()


def open_for_setup() -> AbstractAsyncContextManager[Parts]:
    """The parts of identity for the set-up, which has settings of its own."""
    return open_parts(SetupSettings)
