"""Compare publishing a post with one INSERT, and with the peers."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.bench.comparison import Variant, compare, ratio, table
from tests.bench.effort import Effort
from tests.bench.section import Budget, Section
from tests.bench.servers import Server
from tests.bench.testbed import DRAFT, OURS, posts_servers

LIMIT = "limit: one INSERT on an asyncpg pool, no guard"
LEAST_OF_THE_LIMIT, LEAST_WITH_MARKDOWN, LEAST_OF_A_PEER = 0.45, 0.25, 4.0
PARAGRAPH = "A *body* with `code`, a [link](https://example.com/engines) and **more** than that.\n\n"
MARKDOWN, LONG = ({"title": DRAFT["title"], "body": (PARAGRAPH * size)[:size]} for size in (500, 20_000))


def measure(home: Path, effort: Effort) -> Section:
    with posts_servers(home) as bed:
        peers = [_variant(peer.name, peer, DRAFT) for peer in bed.peers]
        plain = compare([_variant(LIMIT, bed.limit, DRAFT), _variant(OURS, bed.ours, DRAFT), *peers], effort)
        rendered = {
            title: compare([_variant(LIMIT, bed.limit, draft), _variant(OURS, bed.ours, draft)], effort)
            for title, draft in {_title(MARKDOWN): MARKDOWN, _title(LONG): LONG}.items()
        }
    comparisons = {"Without markup": plain, **rendered}
    tables = [f"{title}\n\n{table(it, LIMIT, 'of the limit')}" for title, it in comparisons.items()]
    failed = sum(it[OURS].failed for it in comparisons.values())
    budgets = [
        Budget("publishing, of the limit", ratio(plain, OURS, LIMIT), least=LEAST_OF_THE_LIMIT),
        Budget(
            f"publishing Markdown, {len(MARKDOWN['body'])} characters, of the limit",
            ratio(rendered[_title(MARKDOWN)], OURS, LIMIT),
            least=LEAST_WITH_MARKDOWN,
        ),
        *(
            Budget(f"publishing, times {peer.name}", ratio(plain, OURS, peer.name), least=LEAST_OF_A_PEER)
            for peer in bed.peers
        ),
        Budget("publishing, failed", failed, most=0),
    ]
    return Section("\n\n".join(tables), budgets)


def _variant(name: str, server: Server, draft: Mapping[str, str]) -> Variant:
    script = ("post.lua", "application/json", json.dumps(draft))
    return Variant(name, server, "/posts", server.headers, lambda: script)


def _title(draft: Mapping[str, str]) -> str:
    return f"Markdown of {len(draft['body']):,} characters, which the limit does not render"
