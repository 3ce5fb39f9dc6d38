"""Clients in JavaScript, unchanged from their packages, sign in, refresh and sign out."""

from pathlib import Path

from tests.openid.clients import SECRET, Kind, register
from tests.openid.conversation import converse
from tests.openid.plain_browser import PlainBrowser
from tests.support.stack import Stack

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


async def test_openid_client_signs_in_and_out_and_jose_verifies_its_logout_token(
    running: Stack, javascript: Path, browser: PlainBrowser, home: str
) -> None:
    await register(running, Kind("openid-client", home))
    program = ["node", javascript / "openid_client.mjs", running.identity, "openid-client", SECRET, home]
    seen = converse(program, browser)
    claims, logout = seen["claims"], seen["logout"]
    assert seen["userinfo"]["preferred_username"] == browser.username
    assert seen["userinfo"]["email"] == f"{browser.username}@example.com"
    assert (claims["acr"], claims["amr"]) == ("pwd", ["pwd"])
    # A refresh is no sign-in (OpenID Connect Core section 12.2).
    unchanged = ("iss", "sub", "aud", "sid", "auth_time", "acr", "amr")
    assert {name: seen["afterwards"][name] for name in unchanged} == {name: claims[name] for name in unchanged}
    assert {name: logout[name] for name in ("sub", "sid")} == {name: claims[name] for name in ("sub", "sid")}
    assert (logout["events"], "nonce" in logout) == ({LOGOUT: {}}, False)
    assert "/consent" not in browser.paths


async def test_oauth4webapi_accepts_every_answer_and_tokens_for_two_services(
    running: Stack, javascript: Path, browser: PlainBrowser, home: str
) -> None:
    await register(running, Kind("oauth4webapi", home, is_public=True))
    program = ["node", javascript / "oauth4webapi.mjs", running.identity, "oauth4webapi", running.posts, home]
    seen = converse(program, browser)
    own, foreign = seen["own"], seen["foreign"]
    assert seen["userinfo"]["email"] == f"{browser.username}@example.com"
    assert "preferred_username" not in seen["userinfo"]
    assert set(own["scope"].split()) == {"openid", "email", "offline_access"}
    assert foreign["scope"] == "posts:write"
    for name in ("sub", "sid", "client_id", "auth_time", "acr", "amr"):
        assert own[name] == foreign[name]
    assert own["auth_time"] == seen["claims"]["auth_time"]
