"""The clients of the tests, as an administrator registers them: one for each program of other people."""

from dataclasses import dataclass

from identity_service.clients.models import Client, hash_secret
from identity_service.clients.service import Clients
from identity_service.clients.uses import ClientUses
from tests.support.stack import Stack
from watchword.clock import SystemClock
from watchword.database import Database

SECRET = "secret-of-a-client-of-the-tests"
OPENID = ("openid", "profile", "email", "offline_access")
POSTS = ("posts:write",)


@dataclass(frozen=True)
class Kind:
    """What kind of client it is. A client without a home is a native one, and finds a free port by itself."""

    id: str
    home: str | None
    is_public: bool = False
    is_first_party: bool = True
    backchannel_logout_uri: str | None = None


async def register(running: Stack, kind: Kind) -> None:
    """Insert this client, which has both services."""
    database = Database(running.databases.url("identity_app"))
    home = kind.home or "http://127.0.0.1"
    client = Client(
        id=kind.id,
        name=f"The client {kind.id}",
        secret_hash=None if kind.is_public else hash_secret(SECRET),
        grants=["authorization_code", "refresh_token"],
        scopes=[*OPENID, *POSTS],
        audiences=[running.identity, running.posts],
        default_audience=running.posts,
        application_type="web" if kind.home else "native",
        is_first_party=kind.is_first_party,
        redirect_uris=[f"{home}/callback", f"{home}/page/callback"],
        post_logout_redirect_uris=[f"{home}/goodbye", f"{home}/"],
        backchannel_logout_uri=kind.backchannel_logout_uri or f"{home}/backchannel-logout",
    )
    try:
        await Clients(database, ClientUses(database, SystemClock())).upsert(client)
    finally:
        await database.close()
