"""One call for a service that wants to obey its issuer's security events."""

from collections.abc import Mapping

from shared.auth.revocations import Revocations
from shared.auth.verifier import Verifier
from shared.clock import Clock
from shared.database import Database
from shared.events.receiver import Effect, Feed, Receiver, Silence
from shared.events.store import Store
from shared.events.tables import ReceiverTables
from shared.outbound import reached_at


def obey_events(
    verifier: Verifier,
    database: Database,
    tables: ReceiverTables,
    *,
    client_id: str,
    client_secret: str,
    effects: Mapping[str, Effect] | None = None,
    memory_seconds: float = 900,
    silence: Silence | None = None,
    clock: Clock | None = None,
    issuer_address: str | None = None,
) -> Receiver:
    """Have `verifier` refuse what its issuer revokes. The receiver starts and stops with the app that is protected.

    `effects` are what events mean beyond that; tokens that live longer than `memory_seconds` are refused;
    `issuer_address` is where the issuer is reached from here, if not at its own URL.
    """
    receiver = Receiver(
        Feed(verifier.issuer, client_id, client_secret),
        Store(database, tables),
        Revocations(memory_seconds),
        effects,
        silence=silence,
        clock=clock,
        transport=reached_at(verifier.issuer, issuer_address),
    )
    verifier.obey(receiver)
    return receiver
