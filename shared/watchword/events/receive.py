"""One call for a service that receives its issuer's security events."""

from collections.abc import Mapping

from watchword.auth.revocations import Revocations
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.events.authorized_calls import TransmitterAccount
from watchword.events.postgres_store import PostgresStore
from watchword.events.receiver import Receiver
from watchword.events.silence import SilencePolicy
from watchword.events.store import Effect
from watchword.events.tables import ReceiverTables
from watchword.http_client.address import transport_to


def receive_security_events(
    issuer: str,
    database: Database,
    tables: ReceiverTables,
    *,
    client_id: str,
    client_secret: str,
    effects: Mapping[str, Effect] | None = None,
    memory_seconds: float = 900,
    silence: SilencePolicy | None = None,
    clock: Clock | None = None,
    issuer_address: str | None = None,
) -> Receiver:
    """A receiver of the events of `issuer`, a URL. Pass it to a verifier as `revocations`: the verifier then refuses
    what the issuer revokes, and the receiver starts and stops with the app that is protected.

    `effects` are called after that, for each event in a transaction of its own, and again until they succeed: in any
    order, also several at once. `tables` are for the events of one issuer. Tokens that live longer than
    `memory_seconds` are refused. `issuer_address` is where the issuer is reached from here if not at its own URL.
    """
    return Receiver(
        TransmitterAccount(issuer, client_id, client_secret),
        PostgresStore(database, tables, issuer),
        Revocations(memory_seconds),
        effects,
        silence=silence,
        clock=clock,
        transport=transport_to(issuer, issuer_address),
    )
