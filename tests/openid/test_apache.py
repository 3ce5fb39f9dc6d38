"""Apache's mod_auth_openidc signs people in, and out from either side."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from tests.openid.apache import apache
from tests.openid.clients import SECRET, Kind, register
from tests.openid.plain_browser import PlainBrowser
from tests.support.ports import held_port
from tests.support.stack import Stack
from tests.support.waiting import until


@pytest.fixture(scope="module")
async def gate(running: Stack) -> AsyncIterator[str]:
    """The URL of an Apache whose folder `page` is for people who are signed in."""
    with held_port() as port:
        home = f"http://127.0.0.1:{port}"
        callback = f"{home}/page/callback?logout=backchannel"
        await register(running, Kind("apache", home, backchannel_logout_uri=callback))
        with apache(running.identity, "apache", SECRET, home):
            yield home


async def test_mod_auth_openidc_lets_in_who_is_signed_in_until_the_sign_on_ends(
    running: Stack, browser: PlainBrowser, gate: str
) -> None:
    assert browser.visit(f"{gate}/page/") == f"{gate}/page/"
    page = browser.http.get(f"{gate}/page/")
    assert (page.headers["X-Signed-In"], page.text) == (browser.username, "Only for people who are signed in.")
    session = browser.http.get(f"{gate}/page/callback", params={"info": "json"}).json()
    assert session["userinfo"]["email"] == f"{browser.username}@example.com"
    assert session["id_token"]["sub"] == session["userinfo"]["sub"]
    # Sign out at identity: its call to Apache ends the session there too.
    browser.visit(f"{running.identity}/sign-out")
    await until(lambda: browser.http.get(f"{gate}/page/").status_code == 302)


async def test_mod_auth_openidc_signs_people_out_at_identity(running: Stack, browser: PlainBrowser, gate: str) -> None:
    browser.visit(f"{gate}/page/")
    assert browser.visit(f"{gate}/page/callback?logout={quote(gate, safe='')}%2F") == f"{gate}/"
    assert browser.http.get(f"{gate}/page/").status_code == 302
    assert browser.http.get(f"{running.identity}/account").headers["Location"].startswith("/sign-in")
