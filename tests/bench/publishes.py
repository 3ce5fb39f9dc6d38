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
CONNECTIONS = 32
LEAST_OF_THE_LIMIT, LEAST_WITH_MARKDOWN, LEAST_OF_A_PEER = 0.45, 0.25, 4.0
MARKDOWN = {
    "title": DRAFT["title"],
    "body": """## Why it stalls

The queue in front of the old compiler fills up **every morning**, and by noon nobody can say who was first.
I measured it twice.

- one worker is asleep
- another one waits for it
- the third, [as Ada says](https://example.com/engines), does all the work

So I took one lock out, ran `make bench` again, and the line was gone. It is slower on Tuesdays still, and that is what
I would like to understand next. If you know why, please tell me below: I have run out of ideas.
""",
}
LONG = {**MARKDOWN, "body": MARKDOWN["body"] * 40}


def measure(home: Path, effort: Effort) -> Section:
    with posts_servers(home) as bed:
        peers = [_variant(peer.name, peer, DRAFT) for peer in bed.peers]
        plain = compare([_variant(LIMIT, bed.limit, DRAFT), _variant(OURS, bed.ours, DRAFT), *peers], effort)
        markdown, long = (
            compare([_variant(LIMIT, bed.limit, draft), _variant(OURS, bed.ours, draft)], effort, connections=number)
            for draft, number in ((MARKDOWN, CONNECTIONS), (LONG, 1))
        )
    comparisons = {"Without markup": plain, _title(MARKDOWN): markdown, f"{_title(LONG)}; one at a time": long}
    tables = [f"{title}\n\n{table(it, LIMIT, 'of the limit')}" for title, it in comparisons.items()]
    failed = sum(it[OURS].failed for it in comparisons.values())
    budgets = [
        Budget("publishing, of the limit", ratio(plain, OURS, LIMIT), least=LEAST_OF_THE_LIMIT),
        Budget(
            f"publishing Markdown, {len(MARKDOWN['body'])} characters, of the limit",
            ratio(markdown, OURS, LIMIT),
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
