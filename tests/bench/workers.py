"""Measure a guarded read with one, two and four processes of posts_service, which share all cores with the load."""

from contextlib import ExitStack
from pathlib import Path

from deploy.local.processes import any_free_port
from tests.bench.comparison import Variant, compare, table
from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from tests.bench.servers import server
from tests.bench.testbed import prepared_stack

WORKERS = (1, 2, 4)
CONNECTIONS = 64


def measure(home: Path, effort: Effort) -> Section:
    with prepared_stack(home) as (running, headers, path), ExitStack() as servers:
        variants, memory = [], {}
        for count in WORKERS:
            name = f"{count} worker{'s' if count > 1 else ''}"
            url = f"http://127.0.0.1:{any_free_port()}"
            own = {"POSTS_PORT": url.rpartition(":")[2], "POSTS_WORKERS": str(count)}
            each = servers.enter_context(
                server(name, "posts_service serve", url, {**running.environment, **own}, home / f"{count}.log", None)
            )
            variants.append(Variant(name, each, path, headers))
            memory[name] = each.resident_bytes() / 1e6
        comparison = compare(variants, effort, connections=CONNECTIONS, core=None)
    sizes = "; ".join(f"{name}: {megabytes:.0f} MB" for name, megabytes in memory.items())
    note = f"{CONNECTIONS} connections. Resident sets of the workers, idle: {sizes}"
    budget = Budget("failed", sum(figures.failed for figures in comparison.values()), most=0)
    return Section(f"{table(comparison, variants[0].name, 'of one worker')}\n\n{note}", [budget])
