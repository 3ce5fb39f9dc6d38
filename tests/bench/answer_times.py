"""Measure whether the times of answers tell which accounts exist: medians of known and unknown, in random order."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

from identity_service.users.hash_times import ENOUGH_SAMPLES
from tests.bench.answer_requests import (
    PASSWORD_RESET,
    REGISTRATION,
    SIGN_IN,
    VERIFICATION,
    Call,
    Question,
    insert_accounts,
)
from tests.bench.contrast import Contrast, table
from tests.bench.effort import Effort
from tests.bench.form_load import TIMEOUT_SECONDS, exchange
from tests.bench.section import Budget, Section
from tests.support.stack import Stack, stack

COUNT, FEW = 200, 3
# Until then the service knows too little of how long its hashes take. Nothing of it counts.
WARM_UP = ENOUGH_SAMPLES + 1
BCRYPT, ARGON2ID = "bcrypt_sha256", "argon2id"
# The shorter the hash is, the less it hides: what takes none, or one of 20 ms, is asked of a service with argon2id.
QUESTIONS = ((BCRYPT, SIGN_IN), (ARGON2ID, REGISTRATION), (ARGON2ID, PASSWORD_RESET), (ARGON2ID, VERIFICATION))


def measure(home: Path, effort: Effort) -> Section:
    count = FEW if effort.is_trial else COUNT
    with stack(home, IDENTITY_EMAIL_VERIFICATION="required") as running:
        running.stop("posts")
        asyncio.run(insert_accounts(running.databases, count + WARM_UP))
        contrasts = [
            contrast for scheme, question in QUESTIONS for contrast in _contrasts(running, scheme, question, count)
        ]
    budgets = [
        Budget(f"{contrast.name}: difference", abs(contrast.difference), most=contrast.allowed, unit=" ms")
        for contrast in contrasts
    ]
    return Section(f"{table(contrasts)}\n\n{count} answers of each kind, one at a time", budgets)


def _contrasts(running: Stack, scheme: str, question: Question, count: int) -> list[Contrast]:
    calls = [question.unknown, *question.known.values()]
    times: list[list[float]] = [[] for _ in calls]
    random = Random(0)
    with _identity(running, scheme) as connection:
        for number in range(count + WARM_UP, 0, -1):
            for place in random.sample(range(len(calls)), len(calls)):
                milliseconds = _send(connection, calls[place](number), question.status)
                if number <= count:
                    times[place].append(milliseconds)
    unknown, *known = times
    return [Contrast(name, unknown, each) for name, each in zip(question.known, known, strict=True)]


@contextmanager
def _identity(running: Stack, scheme: str) -> Iterator[HTTPConnection]:
    """A connection to an identity service that hashes by this scheme, and has seen what the table has at its start."""
    running.stop("identity")
    running.environment["IDENTITY_PASSWORD_SCHEME"] = scheme
    running.start("identity")
    with closing(HTTPConnection(urlsplit(running.identity).netloc, timeout=TIMEOUT_SECONDS)) as connection:
        yield connection


def _send(connection: HTTPConnection, call: Call, status: int) -> float:
    answer = exchange(connection, "POST", call.path, call.body, {"Content-Type": call.media_type})
    assert answer.status == status, f"{call.path} answered {answer.status}"
    return answer.milliseconds
