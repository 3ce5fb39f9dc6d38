"""Compare sign-ins and registrations among a million users with those among a thousand, in turns."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

from passlib.hash import bcrypt_sha256

from tests.bench.comparison import Comparison, Variant, compare, number
from tests.bench.effort import Effort
from tests.bench.growth_data import insert_users
from tests.bench.section import Budget, Section
from tests.bench.servers import Server, server
from tests.bench.testbed import SETTINGS
from tests.bench.tokens import password_form
from tests.support.services import PASSWORD
from tests.support.stack import stack

SMALL, LARGE, LARGE_OF_A_TRIAL = 1_000, 1_000_000, 20_000
# Few, so that a latency is the time that a request takes and not the time that it waits for others.
CONNECTIONS = 2
MOST_OF_THE_SMALL_ONE = 1.1
SIGN_IN, REGISTRATION = "sign-in", "registration"


def measure(home: Path, effort: Effort) -> Section:
    sizes = (SMALL, LARGE_OF_A_TRIAL if effort.is_trial else LARGE)
    with ExitStack() as services:
        identities = [services.enter_context(_identity(home / str(size), size)) for size in sizes]
        variants = [
            variant
            for size, identity in zip(sizes, identities, strict=True)
            for variant in (
                Variant(_name(SIGN_IN, size), identity, "/oauth/token", script=_sign_in(size)),
                Variant(_name(REGISTRATION, size), identity, "/users", script=_registration()),
            )
        ]
        comparison = compare(variants, effort, connections=CONNECTIONS)
    slower = {
        what: comparison[_name(what, sizes[1])].p50 / comparison[_name(what, sizes[0])].p50
        for what in (SIGN_IN, REGISTRATION)
    }
    budgets = [
        Budget(f"{what}, p50 of {sizes[0]:,} users", times, most=MOST_OF_THE_SMALL_ONE)
        for what, times in slower.items()
    ]
    budgets.append(Budget("failed", sum(figures.failed for figures in comparison.values()), most=0))
    return Section(f"{_table(comparison, sizes)}\n\n{CONNECTIONS} connections", budgets)


@contextmanager
def _identity(home: Path, size: int) -> Iterator[Server]:
    """An identity service on the core of the servers, with a database of its own that has so many users."""
    home.mkdir()
    with stack(home, **SETTINGS, IDENTITY_SESSIONS_PER_ACCOUNT="10000") as running:
        asyncio.run(insert_users(running.databases, 1, size, bcrypt_sha256.using(rounds=4).hash(PASSWORD)))
        for service in ("identity", "posts"):
            running.stop(service)
        url = running.identity.replace("localhost", "127.0.0.1")
        with server("identity", "identity_service serve", url, running.environment, home / "bench.log") as identity:
            yield identity


def _name(what: str, size: int) -> str:
    return f"{what} among {size:,} users"


def _sign_in(size: int) -> Callable[[], Sequence[str]]:
    """The script by which another person signs in each time."""
    # What is escaped in a form would be no placeholder.
    body = urlencode(password_form("person{n}"), safe="{}")
    return lambda: ("people.lua", body, str(size))


def _registration() -> Callable[[], Sequence[str]]:
    """The script by which another person registers each time, also in another round."""
    body = json.dumps({"username": "new-{n}", "email": "new-{n}@example.com", "password": PASSWORD})
    rounds = count(1)
    return lambda: ("registrations.lua", body, f"{next(rounds)}-")


def _table(comparison: Comparison, sizes: Sequence[int]) -> str:
    """The sizes side by side."""
    small, large = sizes
    titles = [f"{what} {size:,}" for what in ("p50 ms,", "p99 ms,", "per second,") for size in sizes]
    lines = [f"| Request | {' | '.join(titles)} | p50 of the smaller |", "|---|" + "---|" * (len(titles) + 1)]
    for what in (SIGN_IN, REGISTRATION):
        pair = [comparison[_name(what, size)] for size in (small, large)]
        cells = [number(figures.p50, ".2f") for figures in pair]
        cells += [number(figures.p99, ".1f") for figures in pair]
        cells += [f"{figures.per_second:,.0f}" for figures in pair]
        lines.append(f"| {what} | {' | '.join(cells)} | {number(pair[1].p50 / pair[0].p50, '.2f')} |")
    return "\n".join(lines)
