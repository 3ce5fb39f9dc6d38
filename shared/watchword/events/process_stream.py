"""The stream of one process, which has no database to share what it receives with others."""

import logging
from collections.abc import Sequence
from typing import Final

from watchword.events.errors import StreamGone, TransmitterUnavailable
from watchword.events.process_name import ProcessName
from watchword.events.transmitter_client import Stream, TransmitterClient
from watchword.lines import one_line

logger = logging.getLogger("watchword.events")

INACTIVITY_SECONDS: Final = 60
"""After so long without a poll the transmitter takes the process for dead, and its stream lapses."""


class ProcessStream:
    """Creates the stream of this process when it connects, and another one if the transmitter has lost it.

    A stream that is left behind stands for a process that may still accept what is revoked. So the former one is
    deleted, and also one whose creation was not answered: its description finds it.
    """

    def __init__(self, further_types: Sequence[str]) -> None:
        self._further_types = further_types
        self._stream: Stream | None = None
        self._former: list[str] = []
        self._name = ProcessName()
        self._may_have_unknown = False

    async def open(self, transmitter: TransmitterClient) -> Stream:
        """Raises TransmitterUnavailable, but not StreamGone."""
        if self._stream is None:
            try:
                await self._delete_former(transmitter)
                self._stream = await self._create(transmitter)
            except StreamGone as error:
                raise TransmitterUnavailable(error.reason) from error
        return self._stream

    def note_gone(self) -> None:
        """Create another one at the next `open`: the transmitter does not know this one any more."""
        if self._stream is not None:
            logger.warning("the transmitter has no stream of this process any more; another one is created")
            # One that has lapsed still counts as one that may not obey.
            self._former.append(self._stream.id)
            self._stream = None

    async def delete(self, transmitter: TransmitterClient) -> None:
        """Delete the stream, if there may be one. Nothing may be accepted here any more. Raises
        TransmitterUnavailable."""
        if self._stream is not None:
            self._former.append(self._stream.id)
            self._stream = None
        await self._delete_former(transmitter)

    def may_exist(self) -> bool:
        """Whether there is something to delete."""
        return self._stream is not None or bool(self._former) or self._may_have_unknown

    async def _create(self, transmitter: TransmitterClient) -> Stream:
        self._may_have_unknown = True
        stream = await transmitter.create_lapsing_stream(str(self._name), INACTIVITY_SECONDS, self._further_types)
        self._may_have_unknown = False
        return stream

    async def _delete_former(self, transmitter: TransmitterClient) -> None:
        if self._may_have_unknown:
            self._former += await transmitter.streams_described(str(self._name))
            self._may_have_unknown = False
        while self._former:
            try:
                await transmitter.delete_stream(self._former[-1])
            except StreamGone as gone:
                logger.debug("nothing to delete: %s", one_line(str(gone)))
            self._former.pop()
