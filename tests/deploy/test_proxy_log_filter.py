"""Caddy's log has no token of a link; tests/compose reads the log of a Caddy that runs."""

import re
import secrets
from pathlib import Path
from uuid import uuid4

import pytest

from identity_service.letters.letter import PATHS

CADDYFILE = Path(__file__).parents[2] / "deploy/Caddyfile"


def shown(field: str, value: str) -> str:
    """A field of a request as the filters of the log show it. Go and Python read these expressions alike."""
    filters = re.findall(rf"^\s*{re.escape(field)} regexp `(.+)` (\w+)$", CADDYFILE.read_text(), re.MULTILINE)
    for expression, replacement in filters:
        value = re.sub(expression, replacement, value)
    return value


@pytest.mark.parametrize("field", ["request>uri", "request>headers>Referer"])
@pytest.mark.parametrize("page", sorted({path for path in PATHS.values() if path.endswith("/")}))
def test_the_log_shows_the_page_of_a_link_without_its_token(field: str, page: str) -> None:
    for token in (secrets.token_urlsafe(32), "-" * 43, "%2D" * 43):
        assert shown(field, f"https://identity.example.com{page}{token}?a=b").endswith(f"{page}REDACTED?a=b")


def test_the_log_shows_ids_and_names() -> None:
    for path in (f"/posts/{uuid4()}", "/.well-known/oauth-authorization-server", "/assets/style.0123456789abcdef.css"):
        assert shown("request>uri", path) == path
