"""Compare trading authorization codes in at the token endpoint with npm's `oidc-provider`.

No browser takes part: ours are rows, each of another sign-on, written shortly before the round; the provider makes its
own by its classes, each with a grant.
"""

import asyncio
import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx

from tests.bench.comparison import Variant, compare, table
from tests.bench.effort import Effort
from tests.bench.growth_data import insert_users
from tests.bench.peers import environments
from tests.bench.peers.provider import PROVIDER, oidc_provider
from tests.bench.section import Budget, Section
from tests.bench.servers import server
from tests.bench.testbed import SETTINGS
from tests.bench.tokens import write_lines
from tests.support.databases import Databases
from tests.support.stack import Stack, stack

OURS: Final = "identity_service, PostgreSQL"
CLIENT, REDIRECT_URI, SCOPE = "bench", "https://bench.example/callback", "account"
VERIFIER: Final = secrets.token_urlsafe(32)
CHALLENGE: Final = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
# As many as nobody trades in within a second on one core; codes live for a minute, and a round takes a few seconds.
CODES_PER_SECOND: Final = 2_000
# Each exchange locks its user. With as many, two that run at once are of two people.
PEOPLE: Final = 1_000
SIGN_ONS: Final = """
INSERT INTO identity.sign_ons (user_id, digest, authenticated_at, acr, amr, created_at, last_seen_at, expires_at)
SELECT id, sha256(convert_to(id::text, 'UTF8')), now(), 'pwd', '{pwd}', now(), now(), now() + interval '1 day'
FROM identity.users WHERE username LIKE 'person%'
"""
CODES: Final = """
WITH sign_ons AS (SELECT id, user_id, row_number() OVER (ORDER BY id) - 1 AS place FROM identity.sign_ons)
INSERT INTO identity.authorization_codes (
    digest, user_id, sign_on_id, client_id, redirect_uri, code_challenge, scopes, audiences, names_scopes, nonce,
    authenticated_at, acr, amr, created_at, expires_at
)
SELECT sha256(convert_to(code, 'UTF8')), user_id, id, $2, $3, $4, $5, ARRAY[$6], true, 'nonce-of-a-sign-in-' || number,
       now(), 'pwd', '{pwd}', now(), now() + interval '1 minute'
FROM unnest($1::text[]) WITH ORDINALITY AS codes (code, number)
JOIN sign_ons ON place = number % (SELECT count(*) FROM sign_ons)
"""


def measure(home: Path, effort: Effort) -> Section:
    with stack(home, **SETTINGS, IDENTITY_SESSIONS_PER_ACCOUNT="10000") as running, ExitStack() as servers:
        form = _form(running)
        asyncio.run(_insert_sign_ons(running.databases))
        for service in ("posts", "identity"):
            running.stop(service)
        url = running.identity.replace("localhost", "127.0.0.1")
        log = home / "identity.log"
        ours = servers.enter_context(server(OURS, "identity_service serve", url, running.environment, log))
        count = effort.seconds * CODES_PER_SECOND
        variants = [Variant(OURS, ours, "/oauth/token", script=_script(home, form, lambda: _rows(running, count)))]
        folder = environments.oidc_provider()
        if folder is not None:
            provider = servers.enter_context(oidc_provider(folder, home, form, **_variables(running)))
            script = _script(home, form, lambda: _codes_of(provider.url, count))
            variants.append(Variant(PROVIDER, provider, "/token", script=script))
        comparison = compare(variants, effort)
    base, title = (OURS, "of ours") if folder is None else (PROVIDER, "of oidc-provider")
    failed = sum(figures.failed for figures in comparison.values())
    return Section(table(comparison, base, title), [Budget("exchanging codes, failed", failed, most=0)])


def _form(running: Stack) -> dict[str, str]:
    """Make a client, and return the form by which it trades a code in, without the code."""
    lists = {
        "--grant": ("authorization_code", "refresh_token"),
        "--scope": ("openid", "offline_access", SCOPE),
        "--audience": (running.identity,),
        "--redirect-uri": (REDIRECT_URI,),
    }
    arguments = [part for option, values in lists.items() for value in values for part in (option, value)]
    output = running.command("identity", "clients", "create", CLIENT, "--first-party", *arguments)
    return {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "client_secret": output.rpartition("only now: ")[2].strip(),
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
        "resource": running.identity,
    }


def _variables(running: Stack) -> dict[str, str]:
    """What the provider makes its codes of."""
    return {
        "BENCH_REDIRECT_URI": REDIRECT_URI,
        "BENCH_CHALLENGE": CHALLENGE,
        "BENCH_SCOPE": SCOPE,
        "BENCH_AUDIENCE": running.identity,
    }


async def _insert_sign_ons(databases: Databases) -> None:
    await insert_users(databases, 1, PEOPLE, "nobody signs in by a password")
    await databases.execute("identity_owner", SIGN_ONS)


def _script(home: Path, form: dict[str, str], make: Callable[[], Sequence[str]]) -> Callable[[], Sequence[str]]:
    """The script of a round, with codes of its own."""
    return lambda: ("codes.lua", str(write_lines(home / "codes", make())), urlencode(form))


def _rows(running: Stack, count: int) -> list[str]:
    codes = [secrets.token_urlsafe(32) for _ in range(count)]
    values = (codes, CLIENT, REDIRECT_URI, CHALLENGE, ["openid", "offline_access", SCOPE], running.identity)
    asyncio.run(running.databases.execute("identity_owner", CODES, *values))
    return codes


def _codes_of(provider: str, count: int) -> list[str]:
    answer = httpx.get(f"{provider}/codes", params={"count": count}, timeout=60, trust_env=False)
    codes: list[str] = answer.raise_for_status().json()
    return codes
