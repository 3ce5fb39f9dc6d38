"""What grows in both services under a steady load of everything that people do."""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.common import SERVICES
from tests.bench.section import Budget, Section
from tests.soak.pace import Answers, Pace, expect
from tests.soak.samples import Moments, Sample, megabytes_per_hour, sample_of, table
from tests.soak.visitor import BODY, Environment, Visitor
from tests.support.metrics import scrape
from tests.support.person import Person
from tests.support.stack import Stack, stack
from tests.support.waiting import PATIENCE_SECONDS
from tests.system.examples import new_client
from watchword.testing import Issuer

PER_SECOND, VISITORS = 150.0, 40
SAMPLES_APART_SECONDS = 60.0
# However short the soak is, there are enough samples for its table.
LEAST_SAMPLES = 12
POSTS, WEIGHED_TOKENS = 40, 1_000


def soak_memory(home: Path, seconds: float) -> Section:
    """Load both services for so many seconds, with few rounds of bcrypt, so that the load is not hashing alone."""
    with stack(home, IDENTITY_BCRYPT_ROUNDS="4") as running:
        form = {"grant_type": "client_credentials", "client_id": "soak", "client_secret": new_client(running, "soak")}
        answers = Answers()
        moments, after = asyncio.run(_soak(running, form, seconds, answers))
    for failure in answers.failures:
        print(failure)
    per_token = asyncio.run(bytes_per_remembered_token())
    growth = [_growth(moments, service, per_token) for service in SERVICES]
    text = "\n".join([table(moments, after), "", *growth, _load(answers)])
    return Section(text, [Budget("answers not as intended", answers.failed, most=0)])


async def _soak(
    running: Stack, form: Mapping[str, str], seconds: float, answers: Answers
) -> tuple[Moments, Mapping[str, Sample]]:
    """The samples taken during the load, and those after it."""
    async with _client() as observer, _client(Pace(PER_SECOND), answers) as http:
        environment = Environment(running, http, await _posts_of_a_stranger(observer, running), form, answers)
        moments = {0.0: await _samples(observer, running)}
        began = time.monotonic()
        visits = [asyncio.create_task(Visitor(environment).visit_until(began + seconds)) for _ in range(VISITORS)]
        count = max(LEAST_SAMPLES, round(seconds / SAMPLES_APART_SECONDS))
        for number in range(1, count + 1):
            await asyncio.sleep(began + number * seconds / count - time.monotonic())
            moments[time.monotonic() - began] = await _samples(observer, running)
            _print_last(moments)
        await asyncio.gather(*visits)
        answers.seconds = time.monotonic() - began
        return moments, await _samples(observer, running)


@asynccontextmanager
async def _client(pace: Pace | None = None, answers: Answers | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that keeps to the pace, and counts its answers."""
    hooks: dict[str, list[Callable[..., Any]]] = {
        "request": [pace.turn] if pace else [],
        "response": [answers.add] if answers else [],
    }
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False, event_hooks=hooks) as http:
        yield http


async def _posts_of_a_stranger(http: httpx.AsyncClient, running: Stack) -> list[str]:
    """The paths of posts that no visitor may change."""
    ben = await Person(http, running, "ben").register()
    return [expect(await ben.publish(body=BODY), 201).headers["Location"] for _ in range(POSTS)]


async def _samples(http: httpx.AsyncClient, running: Stack) -> dict[str, Sample]:
    urls = {"identity": running.identity, "posts": running.posts}
    return {
        service: sample_of(running.child(service).process.pid, await scrape(http, f"{urls[service]}/metrics"))
        for service in SERVICES
    }


async def bytes_per_remembered_token() -> float:
    """What a verifier takes for each token that it remembers, the token's text included."""
    issuer = Issuer()
    tokens = [issuer.mint(scope="posts:write", version=1, role_version=1).encode() for _ in range(WEIGHED_TOKENS)]
    verifier = issuer.verifier()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for token in tokens:
            await verifier.verify(token.decode())
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / WEIGHED_TOKENS


def _growth(moments: Moments, service: str, per_token: float) -> str:
    first, last = moments[min(moments)][service], moments[max(moments)][service]
    tokens = last.remembered - first.remembered
    return (
        f"- {service}: {last.megabytes - first.megabytes:+.1f} MB from the first to the last sample; of these, at most"
        f" {tokens * per_token / 1e6:.1f} MB are {tokens:,} remembered tokens of {per_token / 1e3:.1f} KB each."
        f" In the second half: {megabytes_per_hour(moments, service):+.1f} MB per hour"
    )


def _load(answers: Answers) -> str:
    statuses = ", ".join(f"{count:,} × {status}" for status, count in sorted(answers.statuses.items()))
    return (
        f"- The load: {answers.count:,} answers in {answers.seconds / 60:.3g} minutes"
        f" ({answers.count / answers.seconds:.0f} per second) to {VISITORS} people at a time: {statuses}"
    )


def _print_last(moments: Moments) -> None:
    """Print the last sample, so that the progress of a long soak can be seen."""
    at = max(moments)
    sizes = ", ".join(f"{service} {sample.megabytes:.1f} MB" for service, sample in moments[at].items())
    print(f"{at / 60:.1f} min: {sizes}", flush=True)
