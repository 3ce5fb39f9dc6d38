"""A person who needs a letter on the way to an application finds the way back on the page that they asked on."""

import re
from html import unescape
from pathlib import Path

from tests.identity.authorizing import answer_of, application
from tests.identity.browsing import Browsing, browsing
from tests.identity.mailbox import letters, token_in_letter
from tests.support.services import PASSWORD, Identity

ADA = "ada@example.com"
OTHER = "paper clouds over Turin"
GO_ON = "Sign in and go on"


async def link_to(browser: Browsing, page: str, path: str) -> str:
    """The link of this page to a path that begins so."""
    link = re.search(rf'href="({path}[^"]*)"', await browser.open(page))
    assert link is not None
    return unescape(link[1])


async def test_person_who_forgot_the_password_goes_on_to_the_application(mailing: Identity, tmp_path: Path) -> None:
    app = await application(mailing)
    await mailing.register("ada")
    async with browsing(mailing) as browser, browsing(mailing) as telephone:
        sign_in = (await browser.http.get(app.path(nonce="n"))).headers["Location"]
        forgot = await link_to(browser, sign_in, "/forgot-password")
        assert f'action="{forgot}"'.replace("&", "&amp;") in await browser.open(forgot)
        assert 'id="email-flaw"' in (await browser.send(forgot, {"email": "ada"})).text
        outcome = (await browser.send(forgot, {"email": ADA})).headers["Location"]
        unknown = (await browser.send(forgot, {"email": "nobody@example.com"})).headers["Location"]
        assert outcome == unknown
        # The letter, which somebody else may have asked for, leads to no application.
        reset = f"/reset-password/{await token_in_letter(tmp_path, ADA, '/reset-password')}"
        assert "authorize" not in letters(tmp_path, ADA)[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        await telephone.send(reset, {"new_password": OTHER})
        back = await link_to(browser, outcome, "/sign-in")
        assert back == sign_in
        on = (await browser.send(back, {"login": "ada", "password": OTHER})).headers["Location"]
        assert "code" in answer_of(await browser.http.get(on), app)


async def test_person_who_has_to_verify_the_address_goes_on_to_the_application(verifying: Identity) -> None:
    app = await application(verifying)
    async with browsing(verifying) as browser:
        sign_in = (await browser.http.get(app.path())).headers["Location"]
        sign_up = await link_to(browser, sign_in, "/sign-up")
        draft = {"username": "ada", "email": ADA, "password": PASSWORD}
        outcome = (await browser.send(sign_up, draft)).headers["Location"]
        assert outcome.startswith("/done/look-into-your-mail?")
        assert await link_to(browser, outcome, "/sign-in") == sign_in


async def test_way_back_leads_to_no_other_site_and_is_not_shown_without_one(identity: Identity) -> None:
    async with browsing(identity) as browser:
        assert 'href="/forgot-password"' in await browser.open("/sign-in")
        for elsewhere in ("//evil.example", "https://evil.example", "/oauth/authorize", "/account"):
            page = await browser.http.get("/forgot-password", params={"return": elsewhere})
            assert 'action="/forgot-password"' in page.text
            page = await browser.http.get("/done/look-into-your-mail", params={"return": elsewhere})
            assert (page.status_code, GO_ON in page.text, "evil" in page.text) == (200, False, False)
        page = await browser.http.get("/done/look-into-your-mail", params={"return": "/account/email"})
        assert 'href="/sign-in?return=/account/email"' in page.text
