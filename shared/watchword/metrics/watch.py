"""Which figures of the parts that every service has are shown."""

from typing import Final

from watchword.auth import RemoteKeys, Verifier
from watchword.database.database import Database
from watchword.events.receiver import Receiver
from watchword.metrics.metrics import Metrics

_LAGS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


def watch_database(metrics: Metrics, database: Database) -> None:
    for figure, says in (
        ("size", "Connections that a pool may have"),
        ("in_use", "Connections in use"),
        ("waiting", "Transactions and reads that wait for a connection"),
    ):

        def read(figure: str = figure) -> dict[str, float]:
            return {name: getattr(use, figure) for name, use in database.pools().items()}

        metrics.gauges(f"watchword_database_connections_{figure}", says, "pool", read, "livesum")


def watch_verifier(metrics: Metrics, verifier: Verifier) -> None:
    says = "Access tokens judged, by outcome"
    metrics.counter("watchword_token_verifications_total", says, "outcome", lambda: verifier.outcomes)
    if isinstance(keys := verifier.keys, RemoteKeys):
        watch_keys(metrics, keys)


def watch_keys(metrics: Metrics, keys: RemoteKeys) -> None:
    metrics.gauge("watchword_jwks_age_seconds", "Time since the issuer's keys were last fetched", keys.age, "livemax")
    metrics.counter("watchword_jwks_fetches_total", "Fetches of the issuer's keys", "outcome", lambda: keys.fetches)


def watch_receiver(metrics: Metrics, receiver: Receiver) -> None:
    silence = "Time since the issuer was last heard by this service"
    metrics.gauge("watchword_security_events_silence_seconds", silence, receiver.silent_for, "livemax")
    held = "Revocations held in memory"
    metrics.gauge("watchword_revocations_held", held, lambda: float(len(receiver.revocations)), "livemax")
    lag = "Time from what happened at the issuer to its effect here"
    receiver.lag_seen = metrics.histogram("watchword_security_event_lag_seconds", lag, _LAGS).observe
