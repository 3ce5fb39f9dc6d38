"""Pages of two services on two sites sign a person in at identity, each with a session in a cookie of its own."""

from collections.abc import Iterator
from json import dumps
from typing import cast

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.notes_pages import served_notes
from tests.browser.opening import opened
from tests.browser.signing_on import registered, see
from tests.support.services import PASSWORD
from tests.support.stack import Stack
from tests.system.examples import EXAMPLES, ROOT, blocks
from watchword.auth.errors import InsufficientUserAuthentication, MissingToken

LOCAL = "http://"


@pytest.fixture(scope="module")
def notes(running: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of the example `notes_pages.py`, another site than that of identity and posts."""
    with served_notes(running, "notes_pages:app", EXAMPLES, tmp_path_factory.mktemp("notes") / "log") as origin:
        yield origin


async def sign_in(page: Page, username: str) -> None:
    """Sign in at the page of identity that the browser has been sent to."""
    await see(page, "Sign in")
    await page.get_by_label("Username or e-mail address").fill(username)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def cookies(context: BrowserContext, url: str) -> dict[str, str]:
    """The cookies that the browser sends to this URL, by name, with their SameSite."""
    return {cookie["name"]: cookie["sameSite"] for cookie in await context.cookies(url)}


def sibling_of(origin: str) -> str:
    """An origin of the same site, so that browsers send the session with its requests."""
    return origin.replace("notes.localhost", "evil.notes.localhost")


def signed_in_as(page: Page, username: str) -> Locator:
    """The link to the account of this person, which each page of posts has while they are signed in."""
    return page.get_by_role("navigation", name="Your account").get_by_role("link", name=username)


async def sign_in_at_posts(page: Page, running: Stack, path: str) -> str:
    """Sign in as somebody on this page of posts, and return their username."""
    username = await registered(running)
    await page.goto(f"{running.posts}{path}")
    await page.get_by_role("link", name="Sign in").first.click()
    await sign_in(page, username)
    await expect(signed_in_as(page, username)).to_be_visible()
    return username


async def test_a_person_signs_in_once_for_pages_of_two_sites(running: Stack, browser: Browser, notes: str) -> None:
    async with opened(browser, LOCAL) as page:
        username = await sign_in_at_posts(page, running, "/mine")
        assert page.url == f"{running.posts}/mine"
        await page.goto(notes)
        await page.get_by_role("link", name="Sign in").click()
        # Identity knows the person already.
        await expect(page.get_by_text(f"Notes of {username}")).to_be_visible()
        assert page.url == f"{notes}/"
        own, port = await cookies(page.context, notes), notes.rpartition(":")[2]
        session, mark = f"watchword_session_{port}", f"watchword_signed_in_{port}"
        assert own == {session: "Strict", mark: "Strict"}
        assert await page.evaluate("document.cookie") == f"{mark}=1"
        assert not own.keys() & (await cookies(page.context, running.posts)).keys()
        await page.reload()
        await expect(page.get_by_text(f"Notes of {username}")).to_be_visible()


def script_of_the_readme(function: str) -> str:
    """The script of the library's README that has this function."""
    scripts = blocks((ROOT / "shared" / "README.md").read_text(), "Sign people in on your pages", "javascript")
    (script,) = [script for script in scripts if f"function {function}(" in script]
    return script


async def test_the_script_of_the_readme_says_whether_somebody_may_be_signed_in(
    running: Stack, browser: Browser
) -> None:
    script = script_of_the_readme("mayBeSignedIn")

    async def may_be_signed_in() -> bool:
        return cast("bool", await page.evaluate(f"() => {{ {script} return mayBeSignedIn('posts') }}"))

    async with opened(browser, LOCAL) as page:
        await page.goto(f"{running.posts}/mine")
        assert not await may_be_signed_in()
        await sign_in_at_posts(page, running, "/mine")
        assert await may_be_signed_in()
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(f"{running.posts}/")
        await page.goto(f"{running.posts}/mine")
        assert not await may_be_signed_in()


async def test_the_script_of_the_readme_makes_the_link_by_which_a_person_signs_in_again(
    running: Stack, browser: Browser
) -> None:
    script = script_of_the_readme("linkToSignInAgain")
    challenge = InsufficientUserAuthentication(acr="mfa phr", max_age=0).headers()

    async def link(status: int, headers: dict[str, str]) -> str | None:
        call = f"linkToSignInAgain(new Response(null, {dumps({'status': status, 'headers': headers})}))"
        return cast("str | None", await page.evaluate(f"() => {{ {script} return {call} }}"))

    async with opened(browser, LOCAL) as page:
        username = await sign_in_at_posts(page, running, "/mine?page=2")
        await page.goto(f"{running.posts}/mine?page=2")
        assert await link(401, MissingToken().headers()) is await link(403, challenge) is await link(401, {}) is None
        path = await link(401, challenge)
        assert path == "/auth/start?return=%2Fmine%3Fpage%3D2&acr_values=mfa+phr&max_age=0"
        # The account has no second factor, with which the person would come back from this one.
        recent = await link(401, InsufficientUserAuthentication(max_age=0).headers())
        assert recent == "/auth/start?return=%2Fmine%3Fpage%3D2&max_age=0"
        await page.goto(f"{running.posts}{recent}")
        await sign_in(page, username)
        await expect(signed_in_as(page, username)).to_be_visible()
        assert page.url == f"{running.posts}/mine?page=2"


async def test_signing_out_on_one_page_signs_out_at_identity_and_on_the_other(
    running: Stack, browser: Browser, notes: str
) -> None:
    username = await registered(running)
    async with opened(browser, LOCAL) as page:
        for start, signed_in in (
            (f"{running.posts}/mine", signed_in_as(page, username)),
            (notes, page.get_by_text("Notes of")),
        ):
            await page.goto(start)
            await page.get_by_role("link", name="Sign in").first.click()
            if start != notes:
                await sign_in(page, username)
            await expect(signed_in).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        assert page.url == f"{notes}/"
        await page.goto(f"{running.posts}/mine")
        await expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


async def test_a_page_of_a_sibling_neither_gets_a_token_nor_signs_a_person_out(
    running: Stack, browser: Browser, notes: str
) -> None:
    username = await registered(running)
    async with opened(browser, LOCAL) as page:
        await page.goto(notes)
        await page.get_by_role("link", name="Sign in").click()
        await sign_in(page, username)
        await expect(page.get_by_text(f"Notes of {username}")).to_be_visible()
        await page.goto(f"{sibling_of(notes)}/openapi.json")
        for path in ("/auth/token", "/auth/sign-out"):
            call = f"fetch('{notes}{path}', {{method: 'POST', credentials: 'include', mode: 'no-cors'}})"
            assert await page.evaluate(f"{call}.then(answer => answer.type)") == "opaque"
        await page.goto(notes)
        await expect(page.get_by_text(f"Notes of {username}")).to_be_visible()


async def test_a_cookie_that_another_host_has_planted_signs_nobody_in(
    running: Stack, browser: Browser, notes: str
) -> None:
    username, port = await registered(running), notes.rpartition(":")[2]
    async with opened(browser, LOCAL) as attacker:
        await attacker.goto(notes)
        await attacker.get_by_role("link", name="Sign in").click()
        await sign_in(attacker, await registered(running, "eve"))
        await expect(attacker.get_by_text("Notes of")).to_be_visible()
        own = {cookie["name"]: cookie["value"] for cookie in await attacker.context.cookies(notes)}
    async with opened(browser, LOCAL) as page:
        await page.goto(notes)
        await page.get_by_role("link", name="Sign in").click()
        await sign_in(page, username)
        await expect(page.get_by_text(f"Notes of {username}")).to_be_visible()
        await page.goto(f"{sibling_of(notes)}/openapi.json")
        name = f"watchword_session_{port}"
        planted = f"{name}={own[name]}; Domain=notes.localhost; Path=/auth"
        await page.evaluate(f"document.cookie = '{planted}'")
        await page.goto(notes)
        # Nobody is signed in, rather than somebody else; and the next sign-in is possible.
        await page.get_by_role("link", name="Sign in").click()
        await expect(page.get_by_text(f"Notes of {username}")).to_be_visible()
