"""Compare publishing a post with one INSERT, and with the peers."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.bench.comparison import Variant, compare, ratio, table
from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from tests.bench.testbed import DRAFT, OURS, posts_servers

LIMIT = "limit: one INSERT on an asyncpg pool, no guard"
LEAST_OF_THE_LIMIT, LEAST_OF_A_PEER = 0.45, 4.0


def script() -> Sequence[str]:
    return ("post.lua", "application/json", json.dumps(DRAFT))


def measure(home: Path, effort: Effort) -> Section:
    with posts_servers(home) as bed:
        variants = [
            Variant(LIMIT, bed.limit, "/posts", script=script),
            Variant(OURS, bed.ours, "/posts", bed.ours.headers, script),
            *(Variant(peer.name, peer, "/posts", peer.headers, script) for peer in bed.peers),
        ]
        comparison = compare(variants, effort)
    budgets = [
        Budget("publishing, of the limit", ratio(comparison, OURS, LIMIT), least=LEAST_OF_THE_LIMIT),
        *(
            Budget(f"publishing, times {peer.name}", ratio(comparison, OURS, peer.name), least=LEAST_OF_A_PEER)
            for peer in bed.peers
        ),
        Budget("publishing, failed", comparison[OURS].failed, most=0),
    ]
    return Section(table(comparison, LIMIT, "of the limit"), budgets)
