"""The metrics of this service."""

from identity_service.parts import Parts
from watchword.metrics import Metrics
from watchword.metrics.watch import watch_database, watch_jobs, watch_limits, watch_verifier


def build_metrics(parts: Parts) -> Metrics:
    metrics, queue = Metrics(), parts.passwords.queue
    watch_database(metrics, parts.database)
    watch_verifier(metrics, parts.verifier)
    outcomes = parts.authentication.password.outcomes
    metrics.counter("watchword_sign_ins_total", "Sign-ins, by outcome", "outcome", lambda: outcomes)
    factors = "Second factors of sign-ins, by outcome"
    metrics.counter(
        "watchword_second_factors_total", factors, "outcome", lambda: parts.authentication.second_factor.outcomes
    )
    passkeys = "Sign-ins by a passkey alone, by outcome"
    metrics.counter(
        "watchword_passkey_sign_ins_total", passkeys, "outcome", lambda: parts.authentication.passkey_sign_on.outcomes
    )
    threads = "Threads that hash passwords"
    metrics.gauge("watchword_hashing_threads", threads, lambda: queue.threads, "livesum")
    metrics.gauges("watchword_hashing_queue", "Passwords in the hashing queue", "state", queue.jobs, "livesum")
    jobs = "Passwords submitted to the hashing queue, by outcome"
    metrics.counter("watchword_hashing_jobs_total", jobs, "outcome", lambda: queue.outcomes)
    checks = "Passwords checked for breaches, by outcome"
    metrics.counter("watchword_breach_checks_total", checks, "outcome", lambda: parts.passwords.breach_checks)
    at_sign_ins = "Passwords of sign-ins looked up for breaches, by outcome"
    looked_up = parts.authentication.breach_checks.outcomes
    metrics.counter("watchword_sign_in_breach_checks_total", at_sign_ins, "outcome", lambda: looked_up)
    watch_limits(metrics, parts.limits.limiter)
    _watch_letters(metrics, parts)
    logout_tokens = "Logout tokens that are done with, by outcome"
    metrics.counter("watchword_logout_tokens_total", logout_tokens, "outcome", lambda: parts.logout_delivery.outcomes)
    watch_jobs(metrics, parts.job_worker)
    _watch_transmitter(metrics, parts)
    return metrics


def _watch_letters(metrics: Metrics, parts: Parts) -> None:
    letters = "Letters that are done with, by outcome"
    metrics.counter("watchword_letters_total", letters, "outcome", lambda: parts.letter_parts.outcomes)


def _watch_transmitter(metrics: Metrics, parts: Parts) -> None:
    waiting = "Time that the oldest event of a client has waited for its acknowledgement"
    metrics.gauges("watchword_oldest_event_seconds", waiting, "client", parts.transmitter.upkeep.oldest_ages, "livemax")
    polls = "Polls for security events, by outcome; superseded by a newer poll of the same stream"
    metrics.counter("watchword_event_polls_total", polls, "outcome", lambda: parts.transmitter.poll_delivery.outcomes)
