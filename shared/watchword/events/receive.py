"""One call for a service that wants to obey its issuer's security events."""

from collections.abc import Mapping

from watchword.auth.revocations import Revocations
from watchword.auth.verifier import Verifier
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.events.receiver import Effect, Receiver
from watchword.events.silence import SilencePolicy
from watchword.events.store import Store
from watchword.events.tables import ReceiverTables
from watchword.events.transmitter_client import TransmitterAccount
from watchword.http_client.address import reached_at


def receive_security_events(
    verifier: Verifier,
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
    """Have `verifier` refuse what its issuer revokes. The receiver starts and stops with the app that is protected.

    `effects` are what events mean beyond that; tokens that live longer than `memory_seconds` are refused;
    `issuer_address` is where the issuer is reached from here, if not at its own URL.
    """
    receiver = Receiver(
        TransmitterAccount(verifier.issuer, client_id, client_secret),
        Store(database, tables),
        Revocations(memory_seconds),
        effects,
        silence=silence,
        clock=clock,
        transport=reached_at(verifier.issuer, issuer_address),
    )
    verifier.obey(receiver)
    return receiver
