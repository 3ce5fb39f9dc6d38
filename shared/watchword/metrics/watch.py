"""Metrics of the parts that every service has."""

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from watchword.auth import RemoteKeys, Verifier
from watchword.metrics.metrics import Metrics

if TYPE_CHECKING:
    # Not at run time, so that an app without a database starts without its drivers.
    from watchword.database import Database
    from watchword.events import Receiver
    from watchword.jobs import JobWorker
    from watchword.limits import Limiter

_LAG_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

_OBEDIENCE_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_POOL_USE: Final = {
    "size": "Connections that a pool may have",
    "in_use": "Connections in use",
    "waiting": "Transactions, reads and writes that wait for a connection",
}
"""The help of each metric, by the field of PoolUse that it shows."""


_JOB_COUNTS: Final = (
    ("watchword_jobs_waiting", "waiting", "Jobs that wait"),
    ("watchword_jobs_dead", "dead", "Jobs that are not tried again by themselves"),
    ("watchword_oldest_job_seconds", "oldest_due_seconds", "Time that the oldest due job has waited for a worker"),
)
"""The name of each gauge, the field of JobCounts that it shows, and its help."""


def watch_database(metrics: Metrics, database: "Database") -> None:
    for field, help_text in _POOL_USE.items():

        def read(field: str = field) -> dict[str, float]:
            return {pool: getattr(use, field) for pool, use in database.pools().items()}

        metrics.gauges(f"watchword_database_connections_{field}", help_text, "pool", read, "livesum")


def watch_verifier(metrics: Metrics, verifier: Verifier) -> None:
    help_text = "Access tokens verified, by outcome"
    metrics.counter("watchword_token_verifications_total", help_text, "outcome", lambda: verifier.outcomes)
    metrics.gauge(
        "watchword_open_connections",
        "Streaming answers and WebSockets that end with the token of their caller",
        lambda: float(len(verifier.open_connections)),
        "livesum",
    )
    if isinstance(keys := verifier.keys, RemoteKeys):
        watch_keys(metrics, keys)


def watch_keys(metrics: Metrics, keys: RemoteKeys) -> None:
    metrics.gauge("watchword_jwks_age_seconds", "Time since the issuer's keys were last fetched", keys.age, "livemax")
    metrics.counter("watchword_jwks_fetches_total", "Fetches of the issuer's keys", "outcome", lambda: keys.fetches)


def watch_jobs(metrics: Metrics, worker: "JobWorker") -> None:
    def read(field: str) -> dict[str, float]:
        return {kind: getattr(counts, field) for kind, counts in worker.counts().items()}

    for name, field, help_text in _JOB_COUNTS:
        metrics.gauges(name, help_text, "kind", partial(read, field), "livemax")
    help_text = "Attempts at jobs, by outcome"
    metrics.counter("watchword_job_attempts_total", help_text, "outcome", lambda: worker.outcomes)


def watch_limits(metrics: Metrics, limiter: "Limiter") -> None:
    help_text = "Requests refused because a limit was reached, by limit"
    metrics.counter("watchword_limit_refusals_total", help_text, "limit", lambda: limiter.refusals)


def watch_receiver(metrics: Metrics, receiver: "Receiver") -> None:
    metrics.gauge(
        "watchword_security_events_silence_seconds",
        "Time since the issuer last answered this service's request for events",
        receiver.silent_for,
        "livemax",
    )
    metrics.gauge(
        "watchword_security_events_stream_stopped",
        "1 if the issuer answers, but its stream to this service is disabled or paused",
        lambda: float(receiver.is_stream_stopped),
        "livemax",
    )
    metrics.gauge(
        "watchword_revocations_held",
        "Revocations held in memory",
        lambda: float(len(receiver.revocations)),
        "livemax",
    )
    receiver.observe_lag = metrics.histogram(
        "watchword_security_event_lag_seconds", "Time from what happened at the issuer to its effect here", _LAG_BUCKETS
    ).observe
    _watch_obedience(metrics, receiver)
    _watch_effects(metrics, receiver)


def _watch_obedience(metrics: Metrics, receiver: "Receiver") -> None:
    obedience = metrics.histogram(
        "watchword_logout_to_refusal_seconds",
        "Time from a logout at the issuer to the moment from which on this process refuses its tokens",
        _OBEDIENCE_BUCKETS,
        ("service", "worker"),
    )

    def observe(seconds: float) -> None:
        # Not before: processes that are forked from the one that has built the app would all have its number.
        obedience.labels(receiver.client_id, str(os.getpid())).observe(seconds)

    receiver.observe_refusals(observe)
    metrics.gauge(
        "watchword_last_refusal_age_seconds",
        "Time since this process last learned of a revocation; the longest of all processes",
        receiver.seconds_since_refusal,
        "livemax",
    )
    metrics.gauge(
        "watchword_issuer_clock_offset_seconds",
        "How far the issuer's clock is ahead of this service's",
        lambda: receiver.clock_offset or 0.0,
        "livemax",
    )


def _watch_effects(metrics: Metrics, receiver: "Receiver") -> None:
    metrics.gauge(
        "watchword_pending_effects",
        "Events that are refused here already and have not had their effect",
        lambda: float(receiver.pending_effects.count),
        "livemax",
    )
    metrics.gauge(
        "watchword_pending_effects_oldest_seconds",
        "How long the oldest event without its effect has waited",
        lambda: receiver.pending_effects.oldest_seconds,
        "livemax",
    )
    help_text = "Effects of events that have failed and are tried again"
    metrics.counter("watchword_effect_failures_total", help_text, "type", lambda: receiver.effect_failures)
