"""Measure what the guard costs: the same read without a token, with one token, and with many tokens in turns."""

from pathlib import Path

from tests.bench.comparison import Variant, compare, ratio, table
from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from tests.bench.testbed import our_server, prepared_stack
from tests.bench.tokens import sign_in_often, write_lines

CALLERS = 1_000
LEAST = 0.95
OPEN, ONE, MANY = "no token", "one token", f"{CALLERS:,} tokens in turns"


def measure(home: Path, effort: Effort) -> Section:
    with prepared_stack(home, IDENTITY_SESSIONS_PER_ACCOUNT="10000") as (running, headers, path):
        tokens = write_lines(home / "tokens", sign_in_often(running.identity, ["ada"] * CALLERS, "access_token"))
        with our_server(running, headers, home) as ours:
            variants = [
                Variant(OPEN, ours, path),
                Variant(ONE, ours, path, headers),
                Variant(MANY, ours, path, script=lambda: ("callers.lua", str(tokens))),
            ]
            comparison = compare(variants, effort)
    budgets = [
        Budget("a read with one token, of the same read without", ratio(comparison, ONE, OPEN), least=LEAST),
        Budget("failed", sum(figures.failed for figures in comparison.values()), most=0),
    ]
    return Section(table(comparison, OPEN, "of no token"), budgets)
