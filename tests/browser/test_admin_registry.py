"""Roles, clients, services, keys, streams and jobs on the pages of the administration, in a real browser."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.administering import administering
from tests.browser.barriers import LOOKS, Inspect
from tests.browser.signing_on import press, see
from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack

OBEYED = re.compile(r"posts: obeyed after \d+ ms")

with_and_without_javascript = pytest.mark.parametrize("has_javascript", [True, False])


@with_and_without_javascript
async def test_an_administrator_makes_a_role_and_changes_what_it_allows(
    running: Stack, browser: Browser, grace: Person, has_javascript: bool
) -> None:
    name = unique("editor")
    async with administering(browser, running, grace, java_script_enabled=has_javascript) as page:
        await page.get_by_role("link", name="Roles").click()
        await page.get_by_role("link", name="Make a role").click()
        await page.get_by_label("Name", exact=True).fill(name)
        await page.get_by_label("post:edit_any").check()
        await press(page, "Make the role", "Make a role")
        await page.get_by_role("alert").get_by_role("link", name="Enter a description.").click()
        await expect(page.get_by_label("Description")).to_be_focused()
        await page.get_by_label("Description").fill("Edits")
        await press(page, "Make the role", "Role")
        await expect(page.get_by_role("status")).to_have_text("It is made.")
        await page.get_by_role("link", name="Change the role").click()
        await expect(page.get_by_label("post:edit_any")).to_be_checked()
        await page.get_by_label("post:delete_any").check()
        await press(page, "Save the role", "Role")
        await expect(page.get_by_text(OBEYED)).to_be_visible()
        await page.get_by_role("link", name="Delete the role").click()
        await press(page, "Delete the role", "The role is deleted")
        await expect(page.get_by_text(OBEYED)).to_be_visible()
        await page.get_by_role("link", name="All roles").click()
        await see(page, "Roles")
        await expect(page.get_by_role("link", name=name)).to_have_count(0)


@with_and_without_javascript
async def test_an_administrator_makes_a_client_and_copies_its_secret_which_is_not_shown_again(
    running: Stack, browser: Browser, grace: Person, has_javascript: bool
) -> None:
    client_id = unique("robot")
    async with administering(browser, running, grace, java_script_enabled=has_javascript) as page:
        await page.get_by_role("link", name="Clients").click()
        await page.get_by_role("link", name="Make a client").click()
        await page.get_by_label("Id", exact=True).fill(client_id)
        await page.get_by_label("Name", exact=True).fill("Robot")
        await page.get_by_label("Client credentials").check()
        await page.get_by_role("group", name="Audiences").get_by_label(running.identity).check()
        await page.get_by_label("ssf.read").check()
        await press(page, "Make the client", "The client is made")
        secret = await page.locator("code").nth(1).inner_text()
        assert (await token_for(running, client_id, secret)).status_code == 200
        await page.goto(page.url)
        await see(page, "Make a client")
        assert secret not in await page.content()
        await page.goto(f"{running.identity}/admin/ui/clients/{client_id}")
        assert secret not in await page.content()
        await page.get_by_role("link", name="Give it another secret").click()
        await press(page, "Make the secret", "The client has another secret")
        other = await page.locator("code").nth(1).inner_text()
        answers = [await token_for(running, client_id, one) for one in (secret, other)]
        assert [answer.status_code for answer in answers] == [200, 200]
        await page.get_by_role("link", name="The client").click()
        await page.get_by_role("link", name="End the former secret").click()
        await press(page, "End the former secret", "Client")
        assert [(await token_for(running, client_id, one)).status_code for one in (secret, other)] == [401, 200]


async def token_for(running: Stack, client_id: str, secret: str) -> httpx.Response:
    """What the token endpoint answers this client."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    async with httpx.AsyncClient(base_url=running.identity, trust_env=False) as http:
        return await http.post("/oauth/token", data=form)


async def test_an_administrator_withdraws_a_key_and_sees_which_services_obey(
    running: Stack, browser: Browser, grace: Person
) -> None:
    async with administering(browser, running, grace) as page:
        await page.get_by_role("link", name="Keys").click()
        await page.get_by_role("link", name="Rotate the signing key").click()
        await press(page, "Rotate the signing key", "Key")
        kid = await page.locator("code").first.inner_text()
        await page.get_by_role("link", name="Withdraw the key").click()
        await page.get_by_label("Confirmation").fill("another")
        await press(page, "Withdraw the key", "Withdraw the key")
        await expect(page.get_by_role("alert")).to_be_focused()
        await page.get_by_label("Confirmation").fill(kid[:8])
        await press(page, "Withdraw the key", "Key")
        await expect(page.get_by_text(OBEYED)).to_be_visible()
        await expect(page.get_by_text("Withdrawn because it leaked")).to_be_visible()


async def pages_of(page: Page, running: Stack) -> AsyncIterator[str]:
    """The names of the pages behind the lists, each while it is open."""
    own = f"{running.identity}/admin/ui"
    for section, button in (("role", "Make the role"), ("client", "Make the client"), ("service", "Make the service")):
        await page.goto(f"{own}/{section}s/_new")
        yield f"admin-{section}-new"
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_role("alert")).to_be_focused()
        yield f"admin-{section}-with-errors"
    for path in ("roles/user", "clients/posts"):
        for act in ("", "/change", "/delete"):
            await page.goto(f"{own}/{path}{act}")
            yield f"admin-{path.partition('/')[0]}-one{act.replace('/', '-')}"
    for section, acts in (
        ("services", ("change", "delete")),
        ("keys", ("withdraw",)),
        ("streams", ("pause", "disable")),
    ):
        await page.goto(f"{own}/{section}")
        one = f"{running.identity}{await page.locator('#list td a').first.get_attribute('href')}"
        await page.goto(one)
        yield f"admin-{section}-one"
        for act in acts:
            await page.goto(f"{one}/{act}")
            yield f"admin-{section}-one-{act}"
    for act in ("rotate", "seal"):
        await page.goto(f"{own}/keys/{act}")
        yield f"admin-keys-{act}"
    await press(page, "Seal everything anew", "Everything is sealed anew")
    yield "admin-keys-sealed"
    await page.goto(f"{own}/clients/posts/add-secret")
    yield "admin-client-secret-add"


async def test_no_page_of_the_registry_has_a_barrier_and_each_fits_a_small_screen(
    running: Stack, browser: Browser, grace: Person, inspect: Inspect
) -> None:
    for look in LOOKS:
        async with administering(browser, running, grace, **look) as page:
            async for name in pages_of(page, running):
                await inspect(page, name)
