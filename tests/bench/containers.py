"""Measure the stack of `make up` (two replicas of identity, three of posts): rolling restarts and sign-outs."""

import asyncio
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.compose.secret_files import ensure_secrets
from tests.bench.effort import Effort
from tests.bench.load import Rate, parse_rate
from tests.bench.section import Budget, Section
from tests.compose.test_main_job import request_until_refused
from tests.support.containers import ROOT, Containers
from tests.support.load import titles_of, under_load
from tests.support.person import Person
from tests.support.services import unique

PROJECT = "watchword-bench"
SIGN_OUTS = 20
LEAST_READS = 200


def measure(home: Path, _: Effort) -> Section:
    ensure_secrets(home / "secrets", PROJECT, ())
    files = f"{ROOT}/docker-compose.yml:{ROOT}/tests/compose/settings.yml"
    stack = Containers(
        {"COMPOSE_PROJECT_NAME": PROJECT, "COMPOSE_FILE": files, "SECRETS_FOLDER": str(home / "secrets")}
    )
    try:
        stack.compose("up", "--build", "--detach", "--wait", "--scale", "identity=2", "--scale", "posts=3")
        return asyncio.run(_measure(stack))
    finally:
        stack.compose("down", "--volumes")
        stack.run("docker", "image", "rm", "--force", f"{PROJECT}:local")


@dataclass(frozen=True)
class Replacement:
    """What happened while the replicas of one service were replaced: reads, and writes by status.

    `done` counts the writes that were refused and have taken place nevertheless.
    """

    service: str
    reads: Rate
    writes: Counter[int]
    done: int

    def row(self) -> str:
        reads = f"{self.reads.per_second:,.0f} | {self.reads.failed} | {self.reads.p99:.0f}"
        return f"| {self.service} | {reads} | {sum(self.writes.values())} | {self.writes[503]} | {self.done} |"

    def budgets(self) -> list[Budget]:
        return [
            Budget(f"{self.service} replaced, reads per second", self.reads.per_second, least=LEAST_READS),
            Budget(f"{self.service} replaced, failed reads", self.reads.failed, most=0),
            Budget(f"{self.service} replaced, refused writes that were done", self.done, most=0),
        ]


async def _measure(stack: Containers) -> Section:
    async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
        ada = await Person(http, stack, unique("ada")).register()
        replacements = [await _roll(stack, ada, service) for service in ("identity", "posts")]
        obeyed = [await _sign_out(stack, await Person(http, stack, unique("eve")).register()) for _ in range(SIGN_OUTS)]
    slowest = sorted(max(one) for one in obeyed)
    text = "\n".join(
        [
            "| Replaced under load | reads/s | failed reads | p99 ms | writes | answered 503 | of these done |",
            "|---|---|---|---|---|---|---|",
            *(each.row() for each in replacements),
            "",
            f"{SIGN_OUTS} sign-outs at identity until the last of three replicas of posts has refused: "
            f"p50 {slowest[len(slowest) // 2]:.0f}, max {slowest[-1]:.0f} ms",
        ]
    )
    return Section(text, [budget for each in replacements for budget in each.budgets()])


async def _roll(stack: Containers, ada: Person, service: str) -> Replacement:
    post = (await ada.publish()).headers["Location"]
    fields = ("-H", f"Authorization: {ada.headers['Authorization']}")
    command = ["wrk", "-t1", "-c4", "-d300s", "--latency", *fields, f"{stack.posts}{post}"]
    reading = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with under_load(ada, readers=0, writers=1) as answers:
            rolled = await asyncio.to_thread(stack.roll, service)
    finally:
        reading.send_signal(signal.SIGINT)
        output, _ = await reading.communicate()
    assert rolled.returncode == 0, rolled.stderr
    done = len(answers.refused & (await titles_of(ada)).keys())
    return Replacement(service, parse_rate(output.decode()), answers.writes, done)


async def _sign_out(stack: Containers, eve: Person) -> list[float]:
    """Milliseconds from the answer to the sign-out until the first refusal, at each replica."""
    probes = [
        await request_until_refused(container, eve.tokens["access_token"]) for container in stack.replicas("posts")
    ]
    for probe in probes:
        assert probe.stdout is not None
        await probe.stdout.readline()
    await eve.sign_out()
    ended_at = time.time()
    outputs = await asyncio.gather(*(probe.communicate() for probe in probes))
    return [(float(refused_at) - ended_at) * 1000 for refused_at, _ in outputs]
