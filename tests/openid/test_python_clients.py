"""Clients in Python, unchanged from their packages, sign in, refresh and sign out."""

from pathlib import Path

from tests.openid.clients import SECRET, Kind, register
from tests.openid.conversation import converse
from tests.openid.plain_browser import PlainBrowser
from tests.support.stack import Stack

PROGRAMS = Path(__file__).parent / "python"


async def test_authlib_signs_people_in_who_have_agreed_and_out(
    running: Stack, python: Path, browser: PlainBrowser, home: str
) -> None:
    await register(running, Kind("authlib", home, is_first_party=False))
    program = [python, PROGRAMS / "with_authlib.py", running.identity, "authlib", SECRET, home]
    seen = converse(program, browser)
    assert seen["arrivals"] == [f"{home}/", seen["arrivals"][1]]
    assert seen["arrivals"][1].startswith(f"{home}/goodbye?state=")
    assert seen["goodbye"] == {"post_logout_redirect_uri": f"{home}/goodbye"}
    assert seen["claims"]["sub"] == seen["userinfo"]["sub"]
    assert seen["userinfo"]["preferred_username"] == browser.username
    assert {"access_token", "refresh_token", "id_token"} <= set(seen["refreshed"])
    assert "/consent" in browser.paths


async def test_requests_oauthlib_gets_tokens_for_an_api(
    running: Stack, python: Path, browser: PlainBrowser, home: str
) -> None:
    await register(running, Kind("requests-oauthlib", home))
    program = [python, PROGRAMS / "with_requests_oauthlib.py", running.identity, "requests-oauthlib", SECRET, home]
    # It speaks to loopback addresses without TLS only if it is told to.
    seen = converse(program, browser, OAUTHLIB_INSECURE_TRANSPORT="1")
    for tokens in (seen["first"], seen["second"]):
        assert (tokens["scope"], tokens["token_type"]) == (["posts:write"], "Bearer")
        assert "id_token" not in tokens
    assert (seen["revoked"], seen["refusal"]) == (200, "invalid_grant")
