"""Show what a guarded read consists of: servers that do more and more of it, and the CPU time that each adds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local.processes import any_free_port
from tests.bench.comparison import Comparison, Variant, compare
from tests.bench.effort import Effort
from tests.bench.section import Section
from tests.bench.servers import Server, server
from tests.bench.testbed import our_server, prepared_stack
from tests.support.stack import Stack

BARE: Final = "uvicorn, one answer for all"
SERVICE: Final = "a service with a hot route, the same answer"
GUARDED: Final = "the same with a guard"
OPEN: Final = "posts_service, no token"
LONGER: Final = "posts_service, no token, a field as long as one"
OURS: Final = "posts_service, guarded"

# Each row, and the one that it is compared with.
BASES: Final = {BARE: None, SERVICE: BARE, GUARDED: SERVICE, OPEN: SERVICE, LONGER: OPEN, OURS: LONGER}


def measure(home: Path, effort: Effort) -> Section:
    with (
        prepared_stack(home) as (running, headers, path),
        our_server(running, headers, home) as ours,
        _constant(running, "bare", home) as bare,
        _constant(running, "service", home) as service,
    ):
        number = path.rpartition("/")[2]
        variants = [
            Variant(BARE, bare, path),
            Variant(SERVICE, service, f"/open/{number}"),
            Variant(GUARDED, service, f"/guarded/{number}", headers),
            Variant(OPEN, ours, path),
            Variant(LONGER, ours, path, {"X-Padding": headers["Authorization"]}),
            Variant(OURS, ours, path, headers),
        ]
        comparison = compare(variants, effort)
    assert not any(figures.failed for figures in comparison.values()), comparison
    return Section(_table(comparison))


def _table(comparison: Comparison) -> str:
    lines = ["| Variant | CPU µs per answer | more than | by µs |", "|---|---|---|---|"]
    for name, base in BASES.items():
        own = comparison[name].cpu_microseconds
        beside = f"{base} | {own - comparison[base].cpu_microseconds:.0f}" if base is not None else "– | –"
        lines.append(f"| {name} | {own:.0f} | {beside} |")
    return "\n".join(lines)


@contextmanager
def _constant(running: Stack, kind: str, home: Path) -> Iterator[Server]:
    port = any_free_port()
    environment: Mapping[str, str] = {**running.environment, "POSTS_PORT": str(port), "POSTS_HOST": "127.0.0.1"}
    module, url = f"tests.bench.constant {kind}", f"http://127.0.0.1:{port}"
    with server(kind, module, url, environment, home / f"{kind}.log") as constant:
        yield constant
