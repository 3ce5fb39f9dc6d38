"""/account/applications: seeing which applications have access, and taking it back."""

import pytest

from identity_service.installation import POSTS_SCOPES
from identity_service.pages import application_routes
from tests.identity.browsing import Browsing, browsing, leads_to_sign_in
from tests.identity.receivers import receiver_with_stream
from tests.identity.signing_in import ensure_ended, ensure_live
from tests.identity.third_parties import allow, third_party
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity

APPLICATIONS = "/account/applications"


async def test_the_page_shows_what_each_application_may_do_in_words(ada: Browsing, identity: Identity) -> None:
    assert "You have allowed no application" in await ada.open(APPLICATIONS)
    await allow(identity, ada, await third_party(identity, name="<Notes & more>"))
    await allow(identity, ada, await third_party(identity, "mail", "Mail"), "posts:write", "unknown:word")
    async with browsing(identity, "eve") as eve:
        assert "You have allowed no application" in await eve.open(APPLICATIONS)
    await identity.sign_in("ada", client_id="mail", scope="posts:write")
    page = await ada.open(APPLICATIONS)
    assert page.index("&lt;Notes &amp; more&gt;") < page.index("Mail")
    assert page.count(POSTS_SCOPES["posts:write"]) == 2
    assert page.count("See and change your account, and see and end your sessions") == 1
    assert [page.count(text) for text in ("unknown:word", "Not recently", "Take the access back")] == [1, 1, 2]
    assert f'href="{APPLICATIONS}"' in await ada.open("/account")


async def test_access_is_taken_back_once_and_the_page_says_which_services_obey(
    ada: Browsing, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application_routes, "OBEDIENCE_SECONDS", 0)
    await receiver_with_stream(identity)
    await allow(identity, ada, await third_party(identity))
    tokens = await identity.sign_in("ada", client_id="notes", resource=IDENTITY_URL)
    ended = (await ada.send(APPLICATIONS, {"client_id": "notes"})).headers["Location"]
    for _ in range(2):
        assert "posts: has not answered yet" in await ada.open(ended)
    assert f'href="{APPLICATIONS}"' in await ada.open(ended)
    await ensure_ended(identity, tokens, client_id="notes")
    again = await ada.send(APPLICATIONS, {"client_id": "notes"})
    assert (again.status_code, "no access to your account" in again.text) == (404, True)
    async with browsing(identity, "eve") as eve:
        assert "posts" not in await eve.open(ended, 404)


async def test_what_a_stranger_sends_or_a_person_who_is_not_signed_on_takes_nothing_back(
    ada: Browsing, identity: Identity, databases: Databases
) -> None:
    await allow(identity, ada, await third_party(identity))
    tokens = await identity.sign_in("ada", client_id="notes", resource=IDENTITY_URL)
    for headers in ({}, {"Origin": "https://evil.example"}):
        assert (await ada.send(APPLICATIONS, {"client_id": "notes"}, headers=headers)).status_code == 403
    for client_id in ("", "web", "nobody"):
        assert (await ada.send(APPLICATIONS, {"client_id": client_id})).status_code == 404
    async with browsing(identity, "eve") as eve:
        assert (await eve.send(APPLICATIONS, {"client_id": "notes"})).status_code == 404
    async with browsing(identity) as nobody:
        assert leads_to_sign_in(await nobody.send(APPLICATIONS, {"client_id": "notes"}), APPLICATIONS)
        assert leads_to_sign_in(await nobody.http.get(APPLICATIONS), APPLICATIONS)
    await ensure_live(identity, tokens, client_id="notes")
    assert len(await databases.fetch("identity_app", "SELECT FROM identity.consents")) == 1
