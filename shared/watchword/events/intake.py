"""What becomes of each delivered event: acknowledged, reported as an error, or left to be delivered again."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from watchword.auth.errors import InvalidToken, UnknownKey
from watchword.errors import Unavailable
from watchword.events.security_event import EventReader, ReceivedEvent
from watchword.events.transmitter_client import Receipt
from watchword.lines import quoted

logger = logging.getLogger("watchword.events")

MAX_TRIES: Final = 20
"""How often an event whose effect fails is tried before it is reported as one that cannot be applied."""


class Intake:
    """Applies events one after another, and counts how often each has failed, also across connections."""

    def __init__(self, apply: Callable[[ReceivedEvent], Awaitable[None]]) -> None:
        self._apply = apply
        self._failures: dict[str, int] = {}

    async def take(self, reader: EventReader, tokens: Mapping[str, Any]) -> Receipt:
        """Apply the events in these tokens. One that fails does not hold up the others.

        Raises Unavailable if the database or the transmitter's keys are; then all of them are delivered again.
        """
        receipt = Receipt()
        for jti, token in tokens.items():
            await self._take_one(reader, jti, token, receipt)
        self._failures = {
            jti: failures for jti, failures in self._failures.items() if jti in tokens and jti not in receipt.errors
        }
        return receipt

    async def _take_one(self, reader: EventReader, jti: str, token: Any, receipt: Receipt) -> None:
        try:
            await self._apply(await reader.read(jti, token))
            receipt.acknowledged.append(jti)
        except UnknownKey:
            # It was signed by a process of the transmitter that knows more keys than the one that gave us the JWKS.
            # It is delivered again, and by then both know the same.
            logger.warning("the key of an event is not published yet: %s", quoted(jti), extra={"jti": jti})
        except InvalidToken as refusal:
            fields = {"jti": jti, "reason": refusal.reason}
            logger.error("an event is not valid: %s: %s", quoted(jti), refusal, extra=fields)
            receipt.errors[jti] = {"err": "authentication_failed", "description": refusal.reason or ""}
        except Unavailable:
            raise
        except Exception:
            logger.exception("an event cannot be applied: %s", quoted(jti), extra={"jti": jti})
            self._failures[jti] = self._failures.get(jti, 0) + 1
            if self._failures[jti] >= MAX_TRIES:
                receipt.errors[jti] = {"err": "invalid_request", "description": "cannot be applied"}
