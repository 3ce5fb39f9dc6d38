"""Compare issuing by client credentials with npm's `oidc-provider`, and with a bare RSA signature."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.bench.comparison import Variant, compare, ratio, table
from tests.bench.effort import Effort
from tests.bench.load import SERVER_CORE
from tests.bench.peers import environments
from tests.bench.peers.provider import PROVIDER, oidc_provider
from tests.bench.section import Budget, Section
from tests.bench.servers import server
from tests.bench.testbed import SETTINGS
from tests.support.stack import Stack, stack

OURS = "identity_service, PostgreSQL"
SCOPES = ("ssf.read", "ssf.manage")
SIGNATURES = 1_000
LEAST_OF_THE_PROVIDER = 0.90


def measure(home: Path, effort: Effort) -> Section:
    with stack(home, **SETTINGS) as running, ExitStack() as servers:
        form = _form(running)
        running.stop("posts")
        running.stop("identity")
        url = running.identity.replace("localhost", "127.0.0.1")
        ours = servers.enter_context(
            server(OURS, "identity_service serve", url, running.environment, home / "identity.log")
        )
        script = ("post.lua", "application/x-www-form-urlencoded", urlencode(form))
        variants = [Variant(OURS, ours, "/oauth/token", script=lambda: script)]
        folder = environments.oidc_provider()
        if folder is not None:
            variables = {"BENCH_SCOPE": form["scope"], "BENCH_AUDIENCE": running.identity}
            provider = servers.enter_context(oidc_provider(folder, home, form, **variables))
            variants.append(Variant(PROVIDER, provider, "/token", script=lambda: script))
        comparison = compare(variants, effort)
    budgets = [Budget("issuing, failed", sum(figures.failed for figures in comparison.values()), most=0)]
    if folder is not None:
        value = ratio(comparison, OURS, PROVIDER)
        budgets.insert(0, Budget("issuing, of oidc-provider", value, least=LEAST_OF_THE_PROVIDER))
    base, title = (OURS, "of ours") if folder is None else (PROVIDER, "of oidc-provider")
    bare = f"A bare RSA-2048 signature on the same core: {median(_signatures(effort)):,.0f}/s"
    return Section(f"{table(comparison, base, title)}\n\n{bare}", budgets)


def _form(running: Stack) -> dict[str, str]:
    """Make a client, and return the form by which it gets a token."""
    arguments = ["--grant", "client_credentials", "--audience", running.identity]
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    output = running.command("identity", "clients", "create", "bench", *arguments, *scopes)
    secret = output.rpartition("only now: ")[2].strip()
    return {
        "grant_type": "client_credentials",
        "client_id": "bench",
        "client_secret": secret,
        "scope": " ".join(SCOPES),
    }


def _signatures(effort: Effort) -> Iterator[float]:
    """Signatures per second of one thread on the core of the servers, for each round."""
    key, padding, sha256 = rsa.generate_private_key(65_537, 2_048), PKCS1v15(), SHA256()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(SERVER_CORE)})
    try:
        for _ in range(effort.rounds):
            started = time.perf_counter()
            for _ in range(SIGNATURES):
                key.sign(b"x" * 500, padding, sha256)
            yield SIGNATURES / (time.perf_counter() - started)
    finally:
        os.sched_setaffinity(0, cores)
