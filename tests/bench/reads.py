"""Compare guarded reads with the limit, with the same reads without a token, and with the peers."""

from pathlib import Path

from tests.bench.comparison import Comparison, Variant, compare, ratio, table
from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from tests.bench.testbed import LIMIT, OURS, PostsServers, posts_servers

# Of the limit, by the title of the table.
LEAST_OF_THE_LIMIT = {"One post": 0.90, "Twenty posts": 0.80}
LEAST_OF_A_PEER = 10.0


def measure(home: Path, effort: Effort) -> Section:
    with posts_servers(home) as bed:
        paths = {"One post": bed.path, "Twenty posts": "/posts"}
        comparisons = {title: compare(_variants(bed, path), effort) for title, path in paths.items()}
    tables = [f"{title}\n\n{table(comparison, LIMIT, 'of the limit')}" for title, comparison in comparisons.items()]
    budgets = [budget for title, comparison in comparisons.items() for budget in _budgets(title, comparison)]
    return Section("\n\n".join(tables), budgets)


def _variants(bed: PostsServers, path: str) -> list[Variant]:
    return [
        Variant(LIMIT, bed.limit, path),
        Variant("posts_service, no token", bed.ours, path),
        Variant(OURS, bed.ours, path, bed.ours.headers),
        *(Variant(peer.name, peer, path, peer.headers) for peer in bed.peers),
    ]


def _budgets(title: str, comparison: Comparison) -> list[Budget]:
    budgets = [
        Budget(f"{title}, guarded, of the limit", ratio(comparison, OURS, LIMIT), least=LEAST_OF_THE_LIMIT[title])
    ]
    if title == "One post":
        names = [name for name in comparison if name != LIMIT and not name.startswith("posts_service")]
        budgets += [
            Budget(f"{title}, guarded, times {name}", ratio(comparison, OURS, name), least=LEAST_OF_A_PEER)
            for name in names
        ]
    return [*budgets, Budget(f"{title}, failed", comparison[OURS].failed, most=0)]
