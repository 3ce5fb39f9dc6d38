"""The job of a logout token: mints it and posts it to its client."""

import asyncio
import logging
from typing import Final

import httpx

from identity_service.clients.service import Clients
from identity_service.logouts.enqueueing import EndedSession
from identity_service.logouts.minting import LogoutTokenMinter
from identity_service.logouts.turns import ClientAway, Turns
from identity_service.outbound.addresses import OutboundAddresses
from identity_service.outbound.client import outbound_client
from watchword.jobs import Job, JobKind
from watchword.lines import quoted
from watchword.tally import Tally

logger = logging.getLogger("identity.logouts")

LONGEST_PAUSE_SECONDS: Final = 600.0
REQUEST_TIMEOUT_SECONDS: Final = 5.0
LEASE_SECONDS: Final = 20.0
"""An attempt may use three quarters of it, which is more than its turn and the request take."""

# Section 2.8: the client has logged out, or says that it never will.
DONE: Final = frozenset({200, 204})
REFUSED: Final = 400


class LogoutDelivery:
    """Sends logout tokens: each until its client takes or refuses it, and again only if that could not be written
    down."""

    def __init__(self, clients: Clients, minter: LogoutTokenMinter, addresses: OutboundAddresses) -> None:
        self._clients = clients
        self._minter = minter
        self._addresses = addresses
        self._turns = Turns()
        self.outcomes = Tally("sent", "refused", "unregistered")

    def job_kind(self) -> JobKind:
        return JobKind.delivery(self.deliver, lease_seconds=LEASE_SECONDS, longest_pause_seconds=LONGEST_PAUSE_SECONDS)

    async def deliver(self, job: Job) -> None:
        """Send the logout token of a session. Nothing is left to do if the client has refused it, or has no URI for it
        any more. Raises NotItsTurn and Unavailable."""
        session = EndedSession(**job.payload)
        client = await self._clients.find(session.client_id)
        if client is None or client.backchannel_logout_uri is None:
            self.outcomes["unregistered"] += 1
            return
        async with self._turns.of(session.client_id):
            status = await self._post(client.backchannel_logout_uri, session)
            if status not in DONE and status != REFUSED:
                raise ClientAway(f"{session.client_id} answers {status} to its logout token")
        if status in DONE:
            self.outcomes["sent"] += 1
        else:
            self.outcomes["refused"] += 1
            fields = {"client": session.client_id, "sid": session.sid}
            logger.warning("a client refused a logout token: %s", session.client_id, extra=fields)

    async def _post(self, url: str, session: EndedSession) -> int:
        """The status of the client's answer, whose body is not read. Raises ClientAway if there is none."""
        form = {"logout_token": self._minter.mint(session)}
        try:
            async with (
                asyncio.timeout(REQUEST_TIMEOUT_SECONDS),
                outbound_client(self._addresses, REQUEST_TIMEOUT_SECONDS) as http,
                http.stream("POST", url, data=form) as response,
            ):
                return response.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise ClientAway(f"{session.client_id} does not answer to its logout token: {quoted(error)}") from None
