"""The other end of tests/openid/conversation.py: a browser that this program can ask for, by one line of JSON."""

import json
import sys


def visit(url: str, until: str | None = None) -> str:
    """The URL at which the browser arrives that begins with `until`, which it does not request; without `until` the
    URL of the page where it stops."""
    print(json.dumps({"visit": url, "until": until}), flush=True)
    return sys.stdin.readline().strip()


def report(**facts: object) -> None:
    """Say what was seen."""
    print(json.dumps({"report": facts}), flush=True)
