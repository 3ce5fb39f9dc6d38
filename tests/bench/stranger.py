"""Measure what honest people wait for while one stranger sends wrong passwords over 90 connections."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from statistics import median

import httpx
from passlib.hash import bcrypt_sha256

from tests.bench.effort import Effort
from tests.bench.form_load import Answer
from tests.bench.growth_data import insert_users
from tests.bench.section import Budget, Section
from tests.bench.stranger_load import AT_ONCE, CONNECTIONS, sign_in_each, stranger
from tests.support.metrics import Scrape
from tests.support.services import NO_LIMITS, PASSWORD
from tests.support.stack import Stack, stack
from tests.support.waiting import wait_until

ROUNDS, PEOPLE, FEW_PEOPLE = 3, 50, 8
MOST_SECONDS = 5.0
ALONE, LIMITED, QUEUE_ONLY = "nobody else", "the stranger, limits as by default", "the stranger, without limits"
LIMITS = {f"IDENTITY_{name.upper()}": value for name, value in NO_LIMITS.items()}
# What `stack` sets for tests that all come from one address.
TEST_SETTINGS = (*LIMITS, "IDENTITY_HASH_QUEUE")


@dataclass
class Results:
    """The answers to honest people, those to the stranger by status, and the hashes that he has cost."""

    honest: list[Answer] = field(default_factory=list)
    stranger: Counter[int] = field(default_factory=Counter)
    hashes: int = 0

    @property
    def succeeded(self) -> int:
        return sum(answer.status == HTTPStatus.OK for answer in self.honest)

    @property
    def seconds(self) -> Sequence[float]:
        return [answer.milliseconds / 1000 for answer in self.honest]


def measure(home: Path, effort: Effort) -> Section:
    rounds, people = (1, FEW_PEOPLE) if effort.is_trial else (ROUNDS, PEOPLE)
    results = {name: Results() for name in (ALONE, LIMITED, QUEUE_ONLY)}
    with stack(home, IDENTITY_TRUSTED_PROXIES="127.0.0.0/8,::1/128", IDENTITY_TRUSTED_HOPS="1") as running:
        running.stop("posts")
        asyncio.run(insert_users(running.databases, 1, people, bcrypt_sha256.using(rounds=12).hash(PASSWORD)))
        for _ in range(rounds):
            for name, result in results.items():
                _restart(running, LIMITS if name == QUEUE_ONLY else {})
                _add(running, people, result, with_stranger=name != ALONE)
    wanted = rounds * people
    budgets = [
        budget
        for name, result in results.items()
        for budget in (
            Budget(f"{name}: honest sign-ins of {wanted}", result.succeeded, least=wanted),
            Budget(f"{name}: the slowest of them", max(result.seconds), most=MOST_SECONDS, unit=" s"),
        )
    ]
    return Section(f"{table(results)}\n\n{wanted} honest sign-ins each, {AT_ONCE} at a time", budgets)


def _restart(running: Stack, limits: Mapping[str, str]) -> None:
    """Start identity with these settings of limits, or with the defaults. Nobody has used any limit yet."""
    running.stop("identity")
    asyncio.run(running.databases.execute("identity_owner", "TRUNCATE identity.allowances"))
    for name in TEST_SETTINGS:
        running.environment.pop(name, None)
    running.environment.update(limits)
    running.start("identity")


def _add(running: Stack, people: int, result: Results, *, with_stranger: bool) -> None:
    """Add what one round gave."""
    answers: Counter[int] = Counter()
    with ExitStack() as block:
        if with_stranger:
            answers = block.enter_context(stranger(running.identity, people))
            # All connections are his before anybody else comes.
            wait_until(lambda: sum(_sign_ins(running).values()) >= CONNECTIONS)
        result.honest += sign_in_each(running.identity, people)
        result.hashes += _sign_ins(running)["wrong_credentials"]
    result.stranger += answers


def _sign_ins(running: Stack) -> Mapping[str, int]:
    """How many sign-ins had each outcome, since identity was started."""
    scrape = Scrape(httpx.get(f"{running.identity}/metrics", timeout=60).raise_for_status().text)
    outcomes = ("ok", "wrong_credentials", "limited", "overloaded")
    return {outcome: int(scrape("watchword_sign_ins_total", outcome=outcome)) for outcome in outcomes}


def table(results: Mapping[str, Results]) -> str:
    """A column for each case."""
    rows = {
        "honest sign-ins that succeeded": lambda each: f"{each.succeeded} of {len(each.honest)}",
        "median, s": lambda each: f"{median(each.seconds):.2f}",
        "slowest, s": lambda each: f"{max(each.seconds):.2f}",
        "hashes that the stranger cost": lambda each: f"{each.hashes:,}",
        "answers to the stranger": lambda each: _statuses(each.stranger),
    }
    lines = [f"| | {' | '.join(results)} |", "|---|" + "---|" * len(results)]
    lines += [f"| {name} | {' | '.join(map(cell, results.values()))} |" for name, cell in rows.items()]
    return "\n".join(lines)


def _statuses(answers: Counter[int]) -> str:
    return ", ".join(f"{count:,} × {status}" for status, count in sorted(answers.items())) or "–"
