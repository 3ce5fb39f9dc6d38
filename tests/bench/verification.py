"""Measure the verification of one token: plain RSA, the verifier at first sight, and the verifier with memory."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from watchword.auth import Verifier
from watchword.testing import Issuer

TOKENS = 2_000
MOST_OF_BARE, MOST_MICROSECONDS = 1.5, 2.0


def measure(home: Path, effort: Effort) -> Section:
    issuer, key = Issuer(), rsa.generate_private_key(65_537, 2_048)
    tokens = [issuer.mint(scope="posts:write") for _ in range(TOKENS)]
    public, padding, sha256 = key.public_key(), PKCS1v15(), SHA256()
    message = b"x" * 700
    signature = key.sign(message, padding, sha256)

    def bare() -> None:
        for _ in range(TOKENS):
            public.verify(signature, message, padding, sha256)

    def first_sight() -> None:
        asyncio.run(_verify_all(issuer.verifier(), tokens))

    remembering = issuer.verifier()
    asyncio.run(_verify_all(remembering, tokens))

    def remembered() -> None:
        asyncio.run(_verify_all(remembering, tokens))

    variants = {"bare RSA verification": bare, "verifier, first sight": first_sight, "verifier, remembered": remembered}
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(2 * effort.rounds + 1):
        for name, work in variants.items():
            times[name].append(_microseconds(work))
    base = median(times["bare RSA verification"])
    lines = ["| Variant | µs | against bare RSA |", "|---|---|---|"]
    lines += [f"| {name} | {median(t):.1f} | {median(t) / base:.2f} |" for name, t in times.items()]
    seen, known = (median(times[name]) for name in ("verifier, first sight", "verifier, remembered"))
    budgets = [
        Budget("first sight, of bare RSA", seen / base, most=MOST_OF_BARE),
        Budget("remembered", known, most=MOST_MICROSECONDS, unit=" µs"),
    ]
    return Section("\n".join(lines), budgets)


def _microseconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / TOKENS * 1e6


async def _verify_all(verifier: Verifier, tokens: list[str]) -> None:
    for token in tokens:
        await verifier.verify(token)
