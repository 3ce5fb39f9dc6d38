"""The programs that the library's README shows."""

import re

from tests.wheel.environments import ROOT

README = (ROOT / "shared" / "README.md").read_text()

IDENTITY = "http://localhost:8001"
AUDIENCE = "http://localhost:8003"

# Serves the app in this process, without a server: a call, a logout at the issuer, and calls until one is refused.
LOGOUT = """
import asyncio, json, sys, time
import httpx
from notes import app

async def main(issuer, token, own_token, patience):
    headers = {"Authorization": f"Bearer {token}"}
    async with app.router.lifespan_context(app), httpx.AsyncClient() as client:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://notes.example", headers=headers) as notes:
            before = (await notes.get("/notes")).status_code
            ended = await client.delete(f"{issuer}/sessions/current", headers={"Authorization": f"Bearer {own_token}"})
            answered_at = time.monotonic()
            after = 200
            while after == 200 and time.monotonic() < answered_at + patience:
                after = (await notes.get("/notes")).status_code
                await asyncio.sleep(0.005)
            seconds = time.monotonic() - answered_at
            print(json.dumps({"statuses": [before, ended.status_code, after], "seconds": seconds}))

asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], 60))
"""


def program(section: str, identity: str = IDENTITY) -> str:
    """The one Python program of a section, for the issuer at `identity`."""
    text = README.split(f"\n## {section}\n")[1].split("\n## ")[0]
    (source,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return str(source).replace(IDENTITY, identity)


def lines(source: str) -> list[str]:
    """The lines that are not blank."""
    return [line for line in source.splitlines() if line.strip()]
