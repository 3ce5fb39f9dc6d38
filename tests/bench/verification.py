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
from watchword.auth.jws import JwsReader
from watchword.auth.verifier import ACCESS_TOKEN_TYPES
from watchword.testing import Issuer

TOKENS = 2_000
BARE = "bare RSA verification"
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

    def read() -> None:
        asyncio.run(_read_all(JwsReader(remembering.keys, ACCESS_TOKEN_TYPES), tokens))

    variants = {
        BARE: bare,
        "the signature of a token, its header, and its claims as JSON": read,
        "verifier, first sight": first_sight,
        "verifier, remembered": remembered,
    }
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(2 * effort.rounds + 1):
        for name, work in variants.items():
            times[name].append(_microseconds(work))
    microseconds = {name: median(rounds) for name, rounds in times.items()}
    seen, known = microseconds["verifier, first sight"], microseconds["verifier, remembered"]
    budgets = [
        Budget("first sight, of bare RSA", seen / microseconds[BARE], most=MOST_OF_BARE),
        Budget("remembered", known, most=MOST_MICROSECONDS, unit=" µs"),
    ]
    return Section(_table(microseconds), budgets)


def _table(microseconds: dict[str, float]) -> str:
    lines = ["| Variant | µs | against bare RSA |", "|---|---|---|"]
    lines += [f"| {name} | {each:.1f} | {each / microseconds[BARE]:.2f} |" for name, each in microseconds.items()]
    return "\n".join(lines)


def _microseconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) / TOKENS * 1e6


async def _verify_all(verifier: Verifier, tokens: list[str]) -> None:
    for token in tokens:
        await verifier.verify(token)


async def _read_all(reader: JwsReader, tokens: list[str]) -> None:
    for token in tokens:
        await reader.read(token)
