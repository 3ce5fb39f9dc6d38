"""A token has one audience, and is refused everywhere else."""

from typing import Any

import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft
from identity_service.services.drafts import ServiceDraft
from tests.architecture.test_operations import document_of, is_guarded, names_of
from tests.identity.answers import claims_of, ensure_oauth_error
from tests.identity.authorizing import Application, tokens_by_code
from tests.identity.browsing import Browsing
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, POSTS_SECRET, POSTS_URL, Identity, bearer

NOTES_URL = "https://notes.example"
ROBOT = {"grant_type": "client_credentials", "client_id": "robot", "client_secret": POSTS_SECRET}
SESSIONS = "SELECT scopes, audiences, audience, names_scopes FROM identity.sessions"


async def add_client(identity: Identity, **members: Any) -> None:
    """Insert the client `robot` as it is, without the checks of the command."""
    usual = {"secret": POSTS_SECRET, "grants": ["client_credentials"], "scopes": ["account"], "audiences": []}
    await identity.parts.clients.upsert(ClientDraft("robot", "Robot", **{**usual, **members}).as_client())


def path_of(operation: str) -> tuple[str, str]:
    """The method and a path with some value for each parameter."""
    method, _, path = operation.partition(" ")
    return method, "/".join(
        "0190b7a0-0000-7000-8000-000000000000" if part[:1] == "{" else part for part in path.split("/")
    )


async def test_token_for_posts_is_refused_by_every_operation_that_takes_an_access_token(identity: Identity) -> None:
    await identity.register("ada")
    scopes = ["posts:write", "account", "ssf.read", "ssf.manage"]
    draft = ClientDraft("app", "App", None, ["password"], scopes, [IDENTITY_URL, POSTS_URL], is_first_party=True)
    await Administration(identity.parts).create_client(draft)
    operations = sorted(names_of(await document_of(identity.http), is_guarded))
    assert len(operations) > 10
    for resource, refused in ((POSTS_URL, True), (IDENTITY_URL, False)):
        tokens = await identity.sign_in("ada", client_id="app", resource=resource)
        headers = bearer(tokens["access_token"])
        for operation in operations if refused else ["GET /users/me", "GET /ssf/streams"]:
            answer = await identity.http.request(*path_of(operation), headers=headers)
            assert (answer.status_code == 401) is refused, (operation, answer.text)


async def test_service_chooses_the_audience_of_its_own_token(identity: Identity) -> None:
    scopes, audiences = ["posts:write", "account"], [POSTS_URL, IDENTITY_URL]
    await add_client(identity, scopes=scopes, audiences=audiences)
    for resource, audience, scope in (
        (IDENTITY_URL, IDENTITY_URL, "account"),
        (POSTS_URL, POSTS_URL, "posts:write"),
        ("", POSTS_URL, "posts:write"),
    ):
        answer = (await identity.token(**ROBOT, resource=resource)).json()
        assert (claims_of(answer["access_token"])["aud"], answer["scope"]) == (audience, scope)


async def test_default_audience_is_the_one_that_was_chosen(identity: Identity) -> None:
    draft = ClientDraft(
        "robot",
        "R",
        POSTS_SECRET,
        ["client_credentials"],
        ["posts:write", "account"],
        [POSTS_URL, IDENTITY_URL],
        IDENTITY_URL,
    )
    await Administration(identity.parts).create_client(draft)
    answer = (await identity.token(**ROBOT)).json()
    assert claims_of(answer["access_token"])["aud"] == IDENTITY_URL


async def test_client_without_an_audience_is_told_so(identity: Identity) -> None:
    await add_client(identity)
    refused = await identity.token(**ROBOT)
    ensure_oauth_error(refused, "invalid_target")
    assert "may use no service" in refused.json()["error_description"]


async def test_client_with_several_audiences_and_no_default_is_told_to_name_one(
    identity: Identity, databases: Databases
) -> None:
    await add_client(identity, audiences=[IDENTITY_URL, POSTS_URL])
    await databases.execute("identity_owner", "UPDATE identity.clients SET default_audience = NULL")
    refused = await identity.token(**ROBOT)
    ensure_oauth_error(refused, "invalid_target")
    assert "name one as the resource" in refused.json()["error_description"]
    assert (await identity.token(**ROBOT, resource=IDENTITY_URL)).json()["scope"] == "account"


async def test_scope_that_belongs_to_no_service_is_in_no_token(identity: Identity) -> None:
    await add_client(identity, scopes=["nowhere", "account"], audiences=[IDENTITY_URL])
    assert (await identity.token(**ROBOT)).json()["scope"] == "account"
    ensure_oauth_error(await identity.token(**ROBOT, scope="nowhere"), "invalid_scope")


async def test_deleted_service_takes_its_scopes_along(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await databases.execute("identity_owner", "DELETE FROM identity.services WHERE audience = $1", POSTS_URL)
    ensure_oauth_error(await identity.token(grant_type="password", username="ada", password=PASSWORD), "invalid_scope")
    assert (await identity.sign_in("ada", resource=IDENTITY_URL))["scope"] == "account"


async def test_session_keeps_what_the_grant_covers(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await identity.sign_in("ada", resource=IDENTITY_URL, scope="account")
    (row,) = await databases.fetch("identity_app", SESSIONS)
    assert dict(row) == {
        "scopes": ["account"],
        "audiences": [IDENTITY_URL, POSTS_URL],
        "audience": IDENTITY_URL,
        "names_scopes": True,
    }


@pytest.mark.parametrize(
    ("client_id", "scope"), [("identity-docs", "account admin openid profile email"), ("posts-docs", "posts:write")]
)
async def test_page_of_documentation_signs_in_for_its_own_service(
    identity: Identity, ada: Browsing, client_id: str, scope: str
) -> None:
    audience = IDENTITY_URL if client_id == "identity-docs" else POSTS_URL
    page = Application(client_id, f"{audience}/docs/oauth2-redirect")
    answer = await tokens_by_code(ada, identity, page)
    assert (claims_of(answer["access_token"])["aud"], answer["scope"]) == (audience, scope)
    refreshed = await identity.refresh(answer["refresh_token"], client_id=client_id)
    assert claims_of(refreshed.json()["access_token"])["aud"] == audience


async def test_new_service_is_reached_as_soon_as_the_client_may_have_its_scope(identity: Identity) -> None:
    await identity.register("ada")
    administration = Administration(identity.parts)
    await administration.create_service(ServiceDraft(NOTES_URL, "Notes", scopes={"notes:read": "Read your notes"}))
    draft = ClientDraft("notes", "Notes", None, ["password"], ["notes:read"], [NOTES_URL], is_first_party=True)
    await administration.create_client(draft)
    answer = await identity.sign_in("ada", client_id="notes")
    assert (claims_of(answer["access_token"])["aud"], answer["scope"]) == (NOTES_URL, "notes:read")
