"""Every measurement, by the name that `make bench` knows it by."""

from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    answer_times,
    before,
    code_exchange,
    connections,
    containers,
    faults,
    growth,
    guard,
    issuing,
    many_revocations,
    memory_and_start,
    million_posts,
    million_users,
    parts,
    publishes,
    reads,
    refresh,
    revocation,
    sign_in_storm,
    sign_ins,
    stranger,
    verification,
    workers,
)
from tests.bench.effort import Effort
from tests.bench.section import Section

MEASUREMENTS: dict[str, Callable[[Path, Effort], Section]] = {
    "verification": verification.measure,
    "guard": guard.measure,
    "parts": parts.measure,
    "reads": reads.measure,
    "before": before.measure,
    "publishes": publishes.measure,
    "refresh": refresh.measure,
    "issuing": issuing.measure,
    "code-exchange": code_exchange.measure,
    "sign-ins": sign_ins.measure,
    "sign-in-storm": sign_in_storm.measure,
    "answer-times": answer_times.measure,
    "stranger": stranger.measure,
    "connections": connections.measure,
    "growth": growth.measure,
    "million-posts": million_posts.measure,
    "million-users": million_users.measure,
    "workers": workers.measure,
    "memory-and-start": memory_and_start.measure,
    "revocation": revocation.measure,
    "many-revocations": many_revocations.measure,
    "faults": faults.measure,
    "containers": containers.measure,
}
