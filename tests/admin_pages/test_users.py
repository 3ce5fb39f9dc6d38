"""Accounts on the pages of the administration: finding them, and what is done to one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from identity_service.administration import Administration
from tests.admin.audit import acts
from tests.admin_pages.people import administrator
from tests.admin_pages.reading import cells_of, checked, facts_of, hidden, next_path
from tests.identity.browsing import Browsing, browsing
from tests.identity.mailbox import token_in_letter
from tests.identity.receivers import receiver_with_stream
from tests.identity.signing_in import ensure_ended
from tests.identity.test_prefer_acts import acknowledging
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity

USERS = "/admin/ui/users"


@pytest.fixture
async def ada(identity: Identity) -> str:
    """The path of the account of ada."""
    return f"{USERS}/{await identity.register('ada')}"


@asynccontextmanager
async def obeying(identity: Identity) -> AsyncIterator[None]:
    """Have the service posts obey what happens during the block."""
    async with acknowledging(await receiver_with_stream(identity)):
        yield


async def test_accounts_are_found_by_the_beginning_of_a_name_or_an_address_by_role_and_by_state(
    identity: Identity, grace: Browsing
) -> None:
    for username in ("ada", "adam", "eve"):
        await identity.register(username)
    administration = Administration(identity.parts)
    await administration.set_roles("adam", ["user", "moderator"])
    await administration.set_active("eve", False)
    searches = {
        "": ["eve", "adam", "ada", "grace"],
        "?q=AD&role=&state=": ["ada", "adam"],
        "?q=eve@": ["eve"],
        "?role=moderator": ["adam"],
        "?state=disabled": ["eve"],
        "?q=ad&state=disabled": [],
        "?q=%25": [],
    }
    for query, usernames in searches.items():
        assert cells_of(await grace.open(f"{USERS}{query}"), "Username") == usernames, query
    page = await grace.open(f"{USERS}?q=ad&role=moderator&state=active")
    assert 'value="ad"' in page
    assert page.count(" selected") == 2
    assert (cells_of(page, "State"), cells_of(page, "Roles")) == (["Active"], ["moderator, user"])


async def test_a_long_list_goes_on_at_the_next_page_with_the_same_filter(identity: Identity, grace: Browsing) -> None:
    usernames = [f"ada{number:02}" for number in range(23)]
    for username in [*usernames, "eve"]:
        await identity.register(username)
    first = await grace.open(f"{USERS}?q=ada&state=active")
    path = next_path(first)
    assert path is not None
    assert "q=ada&state=active" in path
    second = await grace.open(path)
    assert [*cells_of(first, "Username"), *cells_of(second, "Username")] == usernames
    assert next_path(second) is None


async def test_a_search_that_cannot_be_is_shown_with_what_is_wrong(grace: Browsing) -> None:
    page = await grace.open(f"{USERS}?state=happy", 422)
    assert "There is a problem" in page
    assert "part of its address cannot be used" in await grace.open(f"{USERS}?cursor=nonsense", 422)


async def test_the_page_of_an_account_says_what_administrators_need(
    identity: Identity, grace: Browsing, ada: str
) -> None:
    await identity.sign_in("ada", resource=IDENTITY_URL)
    await Administration(identity.parts).set_roles("ada", ["user", "moderator"])
    page = await grace.open(ada)
    facts = facts_of(page)
    assert (facts["Username"], facts["State"], facts["Roles"]) == ("ada", "Active", "moderator, user")
    assert facts["Id"] == ada.removeprefix(f"{USERS}/")
    assert cells_of(page, "Application") == ["web"]
    assert "user.roles_changed" in cells_of(page, "Action")
    assert (f"{ada}/disable" in page, f"{ada}/enable" in page) == (True, False)


async def test_what_is_no_account_is_a_page_that_says_so(grace: Browsing) -> None:
    for path in (f"{USERS}/{uuid4()}", f"{USERS}/{uuid4()}/roles"):
        assert "There is no such account" in await grace.open(path, 404)
    assert "There is no such page" in await grace.open(f"{USERS}/no-id", 422)


async def test_an_account_is_disabled_and_the_page_says_who_obeys_also_when_it_is_reloaded(
    identity: Identity, databases: Databases, grace: Browsing, ada: str
) -> None:
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    etag = hidden(await grace.open(f"{ada}/disable"), "etag")
    async with obeying(identity):
        answer = await grace.send(f"{ada}/disable", {"etag": etag})
    assert answer.status_code == 303
    for _ in range(2):
        page = await grace.open(answer.headers["location"])
        assert facts_of(page)["State"] == "Disabled"
        assert ("Every service obeys." in page, "posts: obeyed after" in page) == (True, True)
    await ensure_ended(identity, tokens)
    assert "posts" not in await grace.open(ada)
    entry = await acts(databases, ada.removeprefix(f"{USERS}/"))
    grace_id = str(await identity.parts.accounts.find_id("grace"))
    assert (grace_id, "user.disabled", {"active": True}, {"active": False}) in entry
    etag = hidden(await grace.open(f"{ada}/enable"), "etag")
    assert (await grace.send(f"{ada}/enable", {"etag": etag})).status_code == 303
    assert facts_of(await grace.open(ada))["State"] == "Active"


@pytest.mark.usefixtures("without_waiting")
async def test_the_answer_to_an_act_is_shown_only_to_who_acted_and_about_what_they_acted_on(
    identity: Identity, grace: Browsing, ada: str
) -> None:
    await receiver_with_stream(identity)
    await identity.sign_in("ada", resource=IDENTITY_URL)
    other = f"{USERS}/{await identity.register('eve')}"
    location = (await grace.send(f"{ada}/end-sessions")).headers["location"]
    page = await grace.open(location)
    assert ("Not every service has confirmed it yet." in page, "posts: has not confirmed" in page) == (True, True)
    query = location.partition("?")[2]
    async with administrator(identity, "vera") as vera:
        assert "posts" not in await vera.open(location)
    for forged in (f"{other}?{query}", f"{ada}?answer={uuid4()}", f"{ada}?answer=nonsense"):
        assert "What the services say" not in await grace.open(forged)
    # There is nothing left to end.
    assert (await grace.send(f"{ada}/end-sessions")).headers["location"] == ada


@pytest.mark.usefixtures("without_waiting")
async def test_a_form_about_what_has_changed_meanwhile_is_refused_and_shows_what_it_is_now(
    identity: Identity, grace: Browsing, ada: str
) -> None:
    etag = hidden(await grace.open(f"{ada}/roles"), "etag")
    await Administration(identity.parts).set_roles("ada", ["moderator"])
    answer = await grace.send(f"{ada}/roles", {"etag": etag, "roles": ["user", "admin"]})
    assert (answer.status_code, checked(answer.text)) == (412, ["moderator"])
    assert ("changed meanwhile" in answer.text, "user, admin" in answer.text) == (True, True)
    assert facts_of(await grace.open(ada))["Roles"] == "moderator"
    answer = await grace.send(f"{ada}/disable", {"etag": etag})
    assert (answer.status_code, facts_of(answer.text)["State"]) == (412, "Active")
    answer = await grace.send(f"{ada}/disable", {"etag": hidden(answer.text, "etag")})
    assert (answer.status_code, facts_of(await grace.open(ada))["State"]) == (303, "Disabled")


async def test_a_form_without_its_entity_tag_changes_nothing(grace: Browsing, ada: str) -> None:
    for act, fields in (("disable", {}), ("roles", {"roles": "admin"}), ("disable", {"etag": "*"})):
        status = 412 if fields.get("etag") else 400
        assert (await grace.send(f"{ada}/{act}", fields)).status_code == status
    facts = facts_of(await grace.open(ada))
    assert (facts["State"], facts["Roles"]) == ("Active", "user")


@pytest.mark.usefixtures("without_waiting")
async def test_roles_are_given_and_all_of_them_taken(identity: Identity, grace: Browsing, ada: str) -> None:
    page = await grace.open(f"{ada}/roles")
    assert checked(page) == ["user"]
    await grace.send(f"{ada}/roles", {"etag": hidden(page, "etag"), "roles": ["user", "moderator"]})
    page = await grace.open(f"{ada}/roles")
    assert checked(page) == ["moderator", "user"]
    await grace.send(f"{ada}/roles", {"etag": hidden(page, "etag")})
    page = await grace.open(f"{ada}/roles")
    assert checked(page) == []
    answer = await grace.send(f"{ada}/roles", {"etag": hidden(page, "etag"), "roles": "emperor"})
    assert (answer.status_code, "was deleted meanwhile" in answer.text) == (422, True)


async def test_an_account_is_deleted_once_its_username_is_typed(identity: Identity, grace: Browsing, ada: str) -> None:
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    for typed in ("", "grace"):
        answer = await grace.send(f"{ada}/delete", {"confirmation": typed})
        assert (answer.status_code, "There is a problem" in answer.text) == (422, True)
    await grace.open(ada)
    async with obeying(identity):
        answer = await grace.send(f"{ada}/delete", {"confirmation": "ADA"})
        page = await grace.open(answer.headers["location"])
    assert ("The account is deleted" in page, "posts: obeyed after" in page) == (True, True)
    assert "posts: has erased" in await grace.open(answer.headers["location"].partition("?")[0])
    await grace.open(ada, 404)
    await ensure_ended(identity, tokens)
    # The form is sent once more, by going back.
    assert (await grace.send(f"{ada}/delete", {"confirmation": "ada"})).status_code == 404


@pytest.mark.usefixtures("without_waiting")
async def test_the_last_administrator_stays_one(identity: Identity, grace: Browsing) -> None:
    path = f"{USERS}/{await identity.parts.accounts.find_id('grace')}"
    etag = hidden(await grace.open(f"{path}/disable"), "etag")
    for act, fields in (
        ("disable", {"etag": etag}),
        ("roles", {"etag": etag, "roles": "user"}),
        ("delete", {"confirmation": "grace"}),
    ):
        answer = await grace.send(f"{path}/{act}", fields)
        assert (answer.status_code, "This is the last administrator" in answer.text) == (409, True), act
    await grace.open(path)


@pytest.mark.usefixtures("without_waiting")
async def test_administrators_who_end_their_own_sessions_have_to_sign_in(identity: Identity, grace: Browsing) -> None:
    path = f"{USERS}/{await identity.parts.accounts.find_id('grace')}"
    location = (await grace.send(f"{path}/end-sessions")).headers["location"]
    answer = await grace.http.get(location)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


async def test_a_letter_resets_the_password_and_the_page_says_that_it_is_sent(
    databases: Databases, tmp_path: Path
) -> None:
    await databases.empty("identity", "roles", "role_permissions")
    async with services.identity(databases, mail_folder=tmp_path) as identity, administrator(identity) as grace:
        path = f"{USERS}/{await identity.register('ada')}"
        location = (await grace.send(f"{path}/password-reset")).headers["location"]
        for _ in range(2):
            assert "The letter is on its way" in await grace.open(location)
        assert "The letter is on its way" not in await grace.open(f"{path}?notice=password_reset_sent")
        token = await token_in_letter(tmp_path, "ada@example.com", "/reset-password")
        async with browsing(identity) as ada:
            await ada.open(f"/reset-password/{token}")
        await Administration(identity.parts).set_active("ada", False)
        answer = await grace.send(f"{path}/password-reset")
        assert (answer.status_code, "Enable it first" in answer.text) == (409, True)


async def test_what_people_have_written_is_text_on_the_pages(identity: Identity, grace: Browsing, ada: str) -> None:
    async with browsing(identity) as browser:
        await browser.sign_on("ada")
        fields = {"username": "ada", "full_name": "<script>alert(1)</script>"}
        assert (await browser.send("/account", fields)).status_code == 303
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in await grace.open(ada)
    page = await grace.open(f"{USERS}?q=%22%3E%3Cscript%3E")
    assert ("<script>" in page, "&#34;&gt;&lt;script&gt;" in page) == (False, True)
