"""Compare sign-ins per second with plain bcrypt on the same cores, and with the peers, while nothing else happens."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles

import bcrypt
import httpx

from tests.bench.effort import Effort
from tests.bench.form_load import post_all
from tests.bench.peers.running import all_peers, form_of, running_peer
from tests.bench.peers.tables import make_tables
from tests.bench.section import Budget, Section
from tests.bench.testbed import LONG_TOKENS, prepare
from tests.bench.tokens import password_form
from tests.support.services import PASSWORD
from tests.support.stack import stack

OURS, BARE = "identity_service", "plain bcrypt, one thread for each core"
# A round is long enough for its beginning and its end, when not every core hashes, to count little.
AT_ONCE, IN_A_ROUND = 16, 64
# One person would soon have as many sessions as the identity service allows, so that each sign-in would also end one.
# The peers keep no sessions.
PEOPLE = tuple(f"person-{index}" for index in range(AT_ONCE))
LEAST_OF_BARE = 0.95


@dataclass
class Results:
    """Sign-ins per second of each round, the milliseconds of each sign-in, and how many failed."""

    per_second: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    failed: int = 0


def measure(home: Path, effort: Effort) -> Section:
    # Each side has all cores, and its default cost of twelve rounds.
    with stack(home, **LONG_TOKENS) as running, ExitStack() as servers:
        prepare(running)
        asyncio.run(make_tables(running.databases))
        _register_people(running.identity)
        forms: dict[str, tuple[str, Sequence[Mapping[str, str]]]] = {
            OURS: (f"{running.identity}/oauth/token", [password_form(name) for name in PEOPLE])
        }
        for peer in all_peers():
            server = servers.enter_context(running_peer(running, peer, home, core=None))
            forms[peer.name] = (f"{server.url}{peer.sign_in_path}", [form_of(peer)])
        results = {name: Results() for name in (BARE, *forms)}
        for _ in range(effort.rounds):
            results[BARE].per_second.append(bare_bcrypt())
            for name, (url, own_forms) in forms.items():
                _sign_in(url, own_forms, results[name])
    base = median(results[BARE].per_second)
    budgets = [
        Budget("sign-ins, of plain bcrypt", median(results[OURS].per_second) / base, least=LEAST_OF_BARE),
        Budget("sign-ins, failed", results[OURS].failed, most=0),
    ]
    return Section(_table(results, base), budgets)


def _table(results: Mapping[str, Results], base: float) -> str:
    lines = ["| Variant | sign-ins/s | of plain bcrypt | p50 ms | p99 ms | failed |", "|---|---|---|---|---|---|"]
    for name, result in results.items():
        rate = median(result.per_second)
        latencies = "– | –"
        if result.milliseconds:
            latencies = f"{median(result.milliseconds):,.0f} | {quantiles(result.milliseconds, n=100)[98]:,.0f}"
        lines.append(f"| {name} | {rate:.2f} | {rate / base:.2f} | {latencies} | {result.failed} |")
    return "\n".join([*lines, "", f"{IN_A_ROUND} sign-ins a round, {AT_ONCE} at once"])


def _register_people(identity: str) -> None:
    for name in PEOPLE:
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        httpx.post(f"{identity}/users", json=body, timeout=20).raise_for_status()


def _sign_in(url: str, forms: Sequence[Mapping[str, str]], results: Results) -> None:
    """Sign in with these forms in turns for one round, and add its results."""
    started = time.perf_counter()
    answers = post_all(url, list(islice(cycle(forms), IN_A_ROUND)), at_once=AT_ONCE)
    results.per_second.append(IN_A_ROUND / (time.perf_counter() - started))
    results.milliseconds += [answer.milliseconds for answer in answers]
    results.failed += sum(answer.status != HTTPStatus.OK for answer in answers)


def bare_bcrypt() -> float:
    """bcrypt hashes per second with one thread for each core and no other work."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12))
    started = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda _: bcrypt.checkpw(PASSWORD.encode(), hashed), range(IN_A_ROUND)))
    return IN_A_ROUND / (time.perf_counter() - started)
