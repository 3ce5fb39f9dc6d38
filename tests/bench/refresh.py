"""Compare refreshing, which rotates the refresh token and signs two, with the sum of its parts."""

from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local.processes import any_free_port
from tests.bench.comparison import Variant, compare, ratio, table
from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from tests.bench.servers import server
from tests.bench.testbed import prepared_stack
from tests.bench.tokens import begin_chains, sign_in_often, write_lines

LIMIT = "limit: two RSA-2048 signatures, one transaction of two statements"
OURS = "identity_service"
CONNECTIONS = 32
# wrk makes one request beforehand that it does not send.
CHAINS = CONNECTIONS + 2
LEAST_OF_THE_LIMIT = 0.40


def measure(home: Path, effort: Effort) -> Section:
    with prepared_stack(home, IDENTITY_SESSIONS_PER_ACCOUNT="10000") as (running, _, _):
        running.stop("identity")
        limit_url = f"http://127.0.0.1:{any_free_port()}"
        identity_url = running.identity.replace("localhost", "127.0.0.1")
        environment = {
            **running.environment,
            "LIMIT_PORT": limit_url.rpartition(":")[2],
            "BENCH_DATABASE_URL": running.environment["POSTS_DATABASE_URL"],
        }
        with (
            server(OURS, "identity_service serve", identity_url, environment, home / "identity.log") as ours,
            server(LIMIT, "tests.bench.refresh_limit", limit_url, environment, home / "limit.log") as limit,
        ):
            our_tokens = chains(home, lambda: sign_in_often(ours.url, ["ada"] * CHAINS, "refresh_token"))
            limit_tokens = chains(home, lambda: begin_chains(limit.url, CHAINS))
            variants = [
                Variant(LIMIT, limit, "/oauth/token", script=limit_tokens),
                Variant(OURS, ours, "/oauth/token", script=our_tokens),
            ]
            comparison = compare(variants, effort, connections=CONNECTIONS)
    budgets = [
        Budget("refreshing, of the limit", ratio(comparison, OURS, LIMIT), least=LEAST_OF_THE_LIMIT),
        Budget("refreshing, failed", sum(figures.failed for figures in comparison.values()), most=0),
    ]
    return Section(table(comparison, LIMIT, "of the limit"), budgets)


def chains(home: Path, make: Callable[[], Sequence[str]]) -> Callable[[], Sequence[str]]:
    """The script of a round, with refresh tokens of its own: those of the round before are under way or spent."""
    return lambda: ("chains.lua", str(write_lines(home / "chains", make())))
