"""Whether the transmitter delivers events through the stream (SSF 1.0 section 8.1.2).

One that is disabled or paused answers each poll, and nothing comes: that looks like an issuer with nothing to say. An
operator may have stopped it on purpose, so it is said, and not enabled again.
"""

import asyncio
import logging
from typing import Final

from watchword.events.errors import TransmitterUnavailable
from watchword.events.transmitter_client import Status, Stream, TransmitterClient
from watchword.lines import one_line

logger = logging.getLogger("watchword.events")

CHECK_SECONDS: Final = 60.0

ENABLED: Final = "enabled"
STOPPED: Final = ("paused", "disabled")


class StreamStatus:
    """The status of one client's stream, over all connections. A change is logged once."""

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._logged = ENABLED
        self._is_watched = False

    @property
    def is_stopped(self) -> bool:
        """Whether nothing comes through the stream, as far as this process knows, if it is the one that polls."""
        return self._is_watched and self._logged != ENABLED

    async def watch(self, transmitter: TransmitterClient, stream: Stream) -> None:
        """Ask now and then until the task is cancelled. A transmitter that does not say it is believed to deliver."""
        self._is_watched = True
        try:
            while True:
                await self._ask(transmitter, stream)
                await asyncio.sleep(CHECK_SECONDS)
        finally:
            self._is_watched = False

    async def _ask(self, transmitter: TransmitterClient, stream: Stream) -> None:
        try:
            status = await transmitter.status(stream)
        except TransmitterUnavailable as error:
            # Polls go on; if they fail too, that is said there.
            logger.debug("the status of the stream is not known: %s", one_line(str(error)))
            return
        if status is not None and status.text != self._logged:
            self._note(status, stream)

    def _note(self, status: Status, stream: Stream) -> None:
        if status.text in STOPPED:
            text = (
                "the stream %s of the client %s is %s%s: what the issuer revokes is not obeyed here until it is enabled"
                ' again. To enable it, POST {"stream_id": "%s", "status": "enabled"} to %s with a token of this client'
            )
            because = f" ({one_line(status.reason)})" if status.reason else ""
            logger.warning(
                text, one_line(stream.id), self._client_id, status.text, because, one_line(stream.id), status.endpoint
            )
        elif status.text == ENABLED:
            logger.warning("the stream %s of the client %s is enabled again", one_line(stream.id), self._client_id)
        else:
            # Another transmitter may mean something else by it.
            return
        self._logged = status.text
