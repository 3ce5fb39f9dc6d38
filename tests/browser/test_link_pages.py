"""The pages of links in a real browser, opened from real letters, where addresses must be verified."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.browser.barriers import LOOKS, Inspect
from tests.browser.opening import opened
from tests.identity.mailbox import letters, token_in_letter
from tests.support.services import PASSWORD, bearer, unique
from tests.support.stack import Stack
from tests.support.waiting import until

OTHER = "paper clouds over Turin"


@pytest.fixture(scope="module")
def verifying(running: Stack) -> Iterator[Stack]:
    """The services, of which identity requires a verified address."""
    name = "IDENTITY_EMAIL_VERIFICATION"
    before = running.environment[name]
    for setting in ("required", before):
        running.stop("identity")
        running.environment[name] = setting
        running.start("identity")
        if setting == "required":
            yield running


@pytest.fixture
async def http(verifying: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=verifying.identity, trust_env=False) as http:
        yield http


async def link(running: Stack, email: str, page: str) -> str:
    """The URL in the letter to this address."""
    return f"{running.identity}{page}/{await token_in_letter(running.home / 'mail', email, page)}"


async def sign_in(http: httpx.AsyncClient, username: str, password: str = PASSWORD, **form: str) -> httpx.Response:
    form = {"grant_type": "password", "username": username, "password": password, **form}
    return await http.post("/oauth/token", data=form)


async def sign_up(page: Page, own: str, username: str, email: str) -> None:
    await page.goto(f"{own}/sign-up")
    await page.get_by_label("Username").fill(username)
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await press(page, "Check your e-mail")


async def press(page: Page, heading: str) -> None:
    """Press the button, and see the page with this heading."""
    await page.get_by_role("button").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)


async def verified(verifying: Stack, http: httpx.AsyncClient) -> str:
    """The name of a person whose address is verified."""
    username = unique("ada")
    body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
    assert (await http.post("/users", json=body)).status_code == 202
    token = (await link(verifying, body["email"], "/verify-email")).rpartition("/")[2]
    proof = {"password": PASSWORD}
    assert (await http.post(f"/email-verifications/{token}", json=proof)).status_code == 204
    return username


@pytest.mark.parametrize("has_javascript", [True, False])
async def test_a_person_signs_up_and_verifies_the_address_by_the_password(
    verifying: Stack, browser: Browser, http: httpx.AsyncClient, has_javascript: bool
) -> None:
    own, username = verifying.identity, unique("ada")
    email = f"{username}@example.com"
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        await sign_up(page, own, username, email)
        url = await link(verifying, email, "/verify-email")
        await page.goto(url)
        await page.reload()
        assert (await sign_in(http, username)).status_code == 400
        await page.get_by_label("Password").fill(OTHER)
        await press(page, "Verify your e-mail address")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_label("Password").fill(PASSWORD)
        await press(page, "Your address is verified")
        assert (await sign_in(http, username)).status_code == 200
        await page.goto(url)
        await expect(page.get_by_role("heading", level=1)).to_have_text("This did not work")
        # Whoever signs up with it once more sees the same page; its owner gets a letter.
        await sign_up(page, own, unique("eve"), email)
        await until(lambda: len(letters(verifying.home / "mail", email)) == 2)


@pytest.mark.parametrize("has_javascript", [True, False])
async def test_a_person_who_forgot_the_password_sets_another_one_once(
    verifying: Stack, browser: Browser, http: httpx.AsyncClient, has_javascript: bool
) -> None:
    own, username = verifying.identity, await verified(verifying, http)
    async with opened(browser, own, java_script_enabled=has_javascript) as page:
        requests: list[Request] = []
        page.on("request", lambda request: requests.append(request))
        await page.goto(f"{own}/forgot-password")
        await page.get_by_label("E-mail address").fill(f"{username}@example.com")
        await press(page, "Check your e-mail")
        url = await link(verifying, f"{username}@example.com", "/reset-password")
        await page.goto(url)
        await page.get_by_label("New password").fill("password1")
        await press(page, "Set another password")
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.get_by_label("New password").fill(OTHER)
        await press(page, "Your password is changed")
        await page.goto(url)
        await expect(page.get_by_role("heading", level=1)).to_have_text("This did not work")
        referrers = {(await request.all_headers()).get("referer") for request in requests}
    assert referrers <= {None, f"{own}/"}
    assert [(await sign_in(http, username, word)).status_code for word in (PASSWORD, OTHER)] == [400, 200]


async def move(verifying: Stack, http: httpx.AsyncClient, username: str, password: str) -> str:
    """Ask for another address. Returns the URL that confirms it."""
    session = (await sign_in(http, username, password, resource=verifying.identity)).json()
    change = {"current_password": password, "email": f"{username}@other.example"}
    answer = await http.post("/users/me/email", json=change, headers=bearer(session["access_token"]))
    assert answer.status_code == 202
    return await link(verifying, change["email"], "/confirm-address")


async def urls_of(verifying: Stack, http: httpx.AsyncClient) -> dict[str, str]:
    """The pages that ask for a letter, and one of a link of each kind."""
    own, ada, eve, new = (
        verifying.identity,
        await verified(verifying, http),
        await verified(verifying, http),
        unique("new"),
    )
    body = {"username": new, "email": f"{new}@example.com", "password": PASSWORD}
    assert (await http.post("/users", json=body)).status_code == 202
    confirmation = await move(verifying, http, eve, PASSWORD)
    change = f"/email-changes/{confirmation.rpartition('/')[2]}"
    assert (await http.post(change, json={"password": PASSWORD})).status_code == 204
    await http.post("/password-resets", json={"email": f"{ada}@example.com"})
    reset = (await link(verifying, f"{ada}@example.com", "/reset-password")).rpartition("/")[2]
    assert (await http.post(f"/password-resets/{reset}", json={"new_password": OTHER})).status_code == 204
    confirmation = await move(verifying, http, ada, OTHER)
    return {
        "forgot-password": f"{own}/forgot-password",
        "ask-again": f"{own}/verify-email",
        "used-link": f"{own}/verify-email/{'a' * 43}",
        "verify-email": await link(verifying, body["email"], "/verify-email"),
        "confirm-address": confirmation,
        "undo-address": await link(verifying, f"{eve}@example.com", "/undo-address"),
        "security-notice": await link(verifying, f"{ada}@example.com", "/security-notice"),
    }


async def test_no_page_of_a_link_has_a_barrier_and_each_fits_a_small_screen(
    verifying: Stack, browser: Browser, http: httpx.AsyncClient, inspect: Inspect
) -> None:
    urls = await urls_of(verifying, http)
    for look in LOOKS:
        async with opened(browser, verifying.identity, **look) as page:
            for name, url in urls.items():
                await page.goto(url)
                await inspect(page, name)


async def test_form_for_another_password_has_no_barrier_with_and_without_an_error(
    verifying: Stack, browser: Browser, http: httpx.AsyncClient, inspect: Inspect
) -> None:
    email = f"{await verified(verifying, http)}@example.com"
    await http.post("/password-resets", json={"email": email})
    url = await link(verifying, email, "/reset-password")
    for look in LOOKS:
        async with opened(browser, verifying.identity, **look) as page:
            await page.goto(url)
            await inspect(page, "reset-password")
            await page.get_by_role("button").click()
            await expect(page.get_by_role("alert")).to_be_focused()
            await inspect(page, "reset-password-with-errors")
