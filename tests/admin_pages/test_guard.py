"""Who is let in to the pages of the administration, and what others cannot make an administrator do."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from identity_service.administration import Administration
from identity_service.pages.goals import Goal
from identity_service.roles.values import RoleContent
from tests.admin_pages.people import administrator, let_age
from tests.admin_pages.reading import checked, hidden
from tests.admin_pages.user_requests import etag_of
from tests.identity.browsing import Browsing, browsing
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_URL, Identity

USERS = "/admin/ui/users"


@pytest.fixture
async def vera(identity: Identity, databases: Databases) -> AsyncIterator[Browsing]:
    """The browser of an administrator who has signed on more than ten minutes ago."""
    async with administrator(identity, "vera") as browser:
        await let_age(databases, "vera")
        yield browser


async def state_of(identity: Identity, username: str) -> tuple[bool, list[str]]:
    """Whether the account is active, and its roles."""
    account = (await identity.parts.access.get(await identity.parts.accounts.find_id(username))).account
    return account.user.is_active, sorted(account.roles.roles)


async def test_people_who_are_no_administrators_see_why_and_no_navigation(identity: Identity) -> None:
    async with browsing(identity, "ada") as ada:
        for path in (USERS, "/admin/ui/no-such-page", f"{USERS}/no-id"):
            page = await ada.open(path, 403)
            assert ("your account is not one of them" in page, "<nav" in page) == (True, False)


async def test_the_permission_counts_at_each_request_whatever_role_carries_it(
    identity: Identity, grace: Browsing
) -> None:
    await identity.register("ada")
    administration = Administration(identity.parts)
    async with browsing(identity) as ada:
        await ada.sign_on("ada")
        await ada.open(USERS, 403)
        await administration.change_role("moderator", RoleContent(None, ["identity:administer"]))
        await administration.set_roles("ada", ["moderator"])
        await ada.open(USERS)
        await administration.change_role("moderator", RoleContent(None, []))
        await ada.open(USERS, 403)
    await grace.open(USERS)


async def test_the_page_of_the_account_leads_administrators_there_and_nobody_else(
    identity: Identity, grace: Browsing
) -> None:
    link = '<a href="/admin/ui">'
    assert link in await grace.open("/account")
    async with browsing(identity, "ada") as ada:
        assert link not in await ada.open("/account")


async def test_a_person_comes_back_to_the_page_with_its_query(identity: Identity) -> None:
    async with administrator(identity) as grace:
        grace.http.cookies.clear()
        path = f"{USERS}?q=a%26d+a&state=active"
        location = (await grace.http.get(path)).headers["location"]
        answer = await grace.send(location, {"login": "grace", "password": PASSWORD})
        assert answer.headers["location"] == path
        await grace.open(path)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/ui/../../sign-out",
        "/admin/ui/%2e%2e/%2e%2e/oauth/authorize?client_id=x",
        "/admin/ui/.%2e/x",
        "/admin/ui//evil.example",
        "//evil.example/admin/ui",
        "/admin/ui\\evil",
        "/admin/ui?q=a#b",
        "/admin/uix",
        "/admin/users",
        "/admin/ui?q=" + "a" * 6_000,
    ],
)
def test_a_way_back_leads_to_no_other_page(path: str) -> None:
    assert Goal.of(path, needs_fresh=False) == Goal()


async def test_a_script_of_the_page_is_led_to_the_sign_in_as_a_whole(identity: Identity) -> None:
    async with browsing(identity) as stranger:
        answer = await stranger.http.get(f"{USERS}?q=a", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["hx-redirect"] == "/sign-in?return=/admin/ui/users%3Fq%3Da"


async def test_a_script_is_led_to_the_page_of_an_initial_password_as_a_whole(
    grace: Browsing, databases: Databases
) -> None:
    # As it is after another administrator has set the password while the page was open.
    await databases.execute("identity_owner", "UPDATE identity.users SET must_change_password = true")
    answer = await grace.http.get(f"{USERS}?q=a", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["hx-redirect"] == "/account/password"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": f"{IDENTITY_URL} {IDENTITY_URL}"},
        {"Referer": IDENTITY_URL},
        {"Origin": POSTS_URL},
        {"Origin": "http://localhost:8001.evil.example"},
        {"Origin": IDENTITY_URL, "Sec-Fetch-Site": "same-site"},
        {"Origin": IDENTITY_URL, "Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
async def test_a_form_that_no_page_of_ours_has_sent_changes_nothing(
    identity: Identity, grace: Browsing, headers: dict[str, str]
) -> None:
    user_id = await identity.register("ada")
    etag = await etag_of(identity, user_id)
    for act, fields in (("disable", {"etag": etag}), ("roles", {"etag": etag, "roles": "admin"})):
        answer = await grace.send(f"{USERS}/{user_id}/{act}", fields, headers=headers)
        assert (answer.status_code, "not sent from a page of this site" in answer.text) == (403, True)
    assert await state_of(identity, "ada") == (True, ["user"])


async def test_no_page_of_another_origin_can_read_the_pages(grace: Browsing) -> None:
    for path in ("/admin/ui", USERS, f"{USERS}/no-id", "/admin/ui/no-such-page"):
        answer = await grace.http.get(path, headers={"Origin": POSTS_URL})
        assert "access-control-allow-origin" not in answer.headers, path


async def test_the_pages_load_our_own_files_and_run_no_inline_script(grace: Browsing) -> None:
    answer = await grace.http.get(USERS)
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= set(policy)
    assert {"form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    assert re.findall(r"<style|style=|<script>| on[a-z]+=", answer.text) == []
    loaded = re.findall(r'(?:src|href)="(/assets/[^"]+)"', answer.text)
    assert [re.sub(r"\.[0-9a-f]{16}\.", ".", path) for path in dict.fromkeys(loaded)] == [
        "/assets/administration.css",
        "/assets/logo.svg",
        "/assets/htmx.min.js",
        "/assets/early_input.js",
    ]
    for path in loaded:
        assert "immutable" in (await grace.http.get(path)).headers["cache-control"]


async def test_what_was_typed_comes_back_after_the_sign_in_and_nothing_was_done(
    identity: Identity, vera: Browsing
) -> None:
    path = f"{USERS}/{await identity.register('ada')}/roles"
    etag = await etag_of(identity, path.split("/")[-2])
    refused = await vera.send(path, {"etag": etag, "roles": "moderator"})
    signed_in = await vera.send(refused.headers["location"], {"password": PASSWORD})
    assert signed_in.headers["location"].startswith(f"{path}?typed=")
    page = await vera.open(signed_in.headers["location"])
    assert checked(page) == ["moderator"]
    assert await state_of(identity, "ada") == (True, ["user"])
    assert (await vera.send(path, {"etag": hidden(page, "etag"), "roles": "moderator"})).status_code == 303
    assert await state_of(identity, "ada") == (True, ["moderator"])


async def test_what_was_typed_is_for_one_person_and_one_form(
    identity: Identity, vera: Browsing, grace: Browsing
) -> None:
    path, other = [f"{USERS}/{await identity.register(name)}/roles" for name in ("ada", "eve")]
    refused = await vera.send(path, {"etag": '"x"', "roles": ["moderator", "admin"]})
    back = httpx.URL(refused.headers["location"]).params["return"]
    await vera.send(refused.headers["location"], {"password": PASSWORD})
    query = back.partition("?")[2]
    assert "moderator" not in query
    assert checked(await vera.open(back)) == ["admin", "moderator"]
    for page in (
        await grace.open(back),
        await vera.open(f"{other}?{query}"),
        await vera.open(f"{path}?{query[:-4]}AAAA"),
        await vera.open(f"{path}?{query.replace('typed', 'notice')}"),
    ):
        assert checked(page) == ["user"]


async def test_what_is_too_long_to_come_back_is_typed_again(identity: Identity, vera: Browsing) -> None:
    path = f"{USERS}/{await identity.register('ada')}/delete"
    refused = await vera.send(path, {"confirmation": "a" * 8_000})
    assert httpx.URL(refused.headers["location"]).params["return"] == path
