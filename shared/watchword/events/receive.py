"""One call for a service that receives its issuer's security events."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

from watchword.auth.revocations import Revocations
from watchword.clock import Clock
from watchword.events.authorized_calls import TransmitterAccount
from watchword.events.memory_receiver import MemoryReceiver
from watchword.events.receiver import Receiver
from watchword.events.silence import SilencePolicy
from watchword.http_client.address import transport_to

if TYPE_CHECKING:
    # Not at run time, so that a service without a database needs no driver.
    from watchword.database import Database
    from watchword.events.store import Effect, ProcessEffect
    from watchword.events.tables import ReceiverTables


class ReceiverOptions(TypedDict, total=False):
    """The arguments of `receive_security_events` that mean the same with and without a database."""

    memory_seconds: float
    silence: SilencePolicy | None
    clock: Clock | None
    issuer_address: str | None


@overload
def receive_security_events(
    issuer: str,
    database: "Database",
    tables: "ReceiverTables",
    *,
    client_id: str,
    client_secret: str,
    effects: "Mapping[str, Effect] | None" = None,
    **options: Unpack[ReceiverOptions],
) -> Receiver: ...


@overload
def receive_security_events(
    issuer: str,
    *,
    client_id: str,
    client_secret: str,
    effects: "Mapping[str, ProcessEffect] | None" = None,
    **options: Unpack[ReceiverOptions],
) -> Receiver: ...


def receive_security_events(
    issuer: str,
    database: "Database | None" = None,
    tables: "ReceiverTables | None" = None,
    *,
    client_id: str,
    client_secret: str,
    effects: "Mapping[str, Effect] | Mapping[str, ProcessEffect] | None" = None,
    memory_seconds: float = 900,
    silence: SilencePolicy | None = None,
    clock: Clock | None = None,
    issuer_address: str | None = None,
) -> Receiver:
    """A receiver of the events of `issuer`, a URL. Pass it to a verifier as `revocations`: the verifier then refuses
    what the issuer revokes, and the receiver starts and stops with the app that is protected.

    With a `database` and `tables`, which are for the events of one issuer, all processes of the service share what they
    receive. Without them each process keeps it in its memory, and has a stream of its own at the issuer.

    `effects` are called for each event once its refusal is in force, and again until they succeed: in any order, also
    several at once. With a database each is an `Effect`, which happens once, in a transaction of its own; without one a
    `ProcessEffect`, which happens in every process. Tokens that live longer than `memory_seconds` are refused.
    `issuer_address` is where the issuer is reached from here if not at its own URL.
    """
    account, revocations = TransmitterAccount(issuer, client_id, client_secret), Revocations(memory_seconds)
    options: dict[str, Any] = {
        "effects": effects,
        "silence": silence,
        "clock": clock,
        "transport": transport_to(issuer, issuer_address),
    }
    if database is None and tables is None:
        return MemoryReceiver(account, revocations, **options)
    if database is None or tables is None:
        raise ValueError("database and tables: both, or neither, which keeps what is revoked in memory")
    # Here, because they need the extra `events`.
    from watchword.events.postgres_receiver import PostgresReceiver
    from watchword.events.postgres_store import PostgresStore

    return PostgresReceiver(account, PostgresStore(database, tables, issuer), revocations, **options)
