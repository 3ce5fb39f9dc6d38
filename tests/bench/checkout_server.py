"""Run the posts service of the checkout that this program is started in, until its input ends: for `before`.

It imports nothing that a checkout of an older commit does not have. Its one line of output says what is running.
"""

import asyncio
import json
import sys
from pathlib import Path

from tests.bench.testbed import our_server, prepared_stack


def main(home: Path) -> None:
    with prepared_stack(home) as (running, headers, path), our_server(running, headers, home) as posts:
        # Not in the middle of a round, when PostgreSQL itself would do it.
        asyncio.run(running.databases.fetch_as_superuser("ANALYZE"))
        postgres = running.databases.server.child.process.pid
        said = {"url": posts.url, "posts": posts.process, "postgres": postgres, "headers": headers, "path": path}
        print(json.dumps(said), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
