"""A poller that is stopped while it connects leaves nothing running."""

import asyncio

import httpx

from posts_service.tables import RECEIVER
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth import Revocations
from watchword.database import Database
from watchword.events import TransmitterAccount
from watchword.events.postgres_receiver import PostgresReceiver
from watchword.events.postgres_store import PostgresStore
from watchword.tasks import cancel_and_wait

ISSUER = "http://issuer.example"


class Keyless(httpx.AsyncBaseTransport):
    """A transmitter that describes itself, and does not answer who asks for its keys."""

    def __init__(self) -> None:
        self.key_requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/certs":
            self.key_requests += 1
            await asyncio.Event().wait()
        endpoints = {name: f"{ISSUER}/{name}" for name in ("configuration_endpoint", "token_endpoint")}
        return httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/certs", **endpoints})


async def test_a_poller_that_is_stopped_while_it_fetches_keys_fetches_them_no_more(databases: Databases) -> None:
    database = Database(databases.url("posts_app"), size=1)
    account = TransmitterAccount(ISSUER, "receiver", "secret")
    transmitter = Keyless()
    store = PostgresStore(database, RECEIVER, ISSUER)
    poller = PostgresReceiver(account, store, Revocations(900), transport=transmitter)._poller
    before = asyncio.all_tasks()
    polling = asyncio.create_task(poller.run())
    await until(lambda: transmitter.key_requests == 1)
    await cancel_and_wait([polling])
    assert asyncio.all_tasks() <= before
    await store.leave()
    await database.close()
