"""An installation of the previous release: the migration and the set-up find out which service has which scope."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from alembic import command

import posts_service.settings
from identity_service.administration import Administration
from identity_service.clients.changes import ClientChanges, ListChange
from identity_service.clients.drafts import ClientDraft, ClientExtension
from identity_service.clients.grant_types import GrantType
from identity_service.clients.models import hash_secret
from identity_service.installation import Unassigned
from identity_service.schema import MIGRATIONS
from identity_service.services.edits import ServiceEdit
from tests.support.databases import Databases
from tests.support.fresh import Fresh
from tests.support.services import IDENTITY_URL, POSTS_SECRET, POSTS_URL, SEALING_KEY, Identity
from watchword.errors import Invalid

NOTES_URL, TASKS_URL = "https://notes.example", "https://tasks.example"
BEFORE = "0004"


@pytest.fixture
def fresh(databases: Databases) -> Iterator[Fresh]:
    """A database at the revision of the previous release."""
    fresh = Fresh(databases)
    MIGRATIONS.upgrade(fresh.url("identity_owner"), BEFORE)
    yield fresh
    fresh.drop()


def add_client(fresh: Fresh, client_id: str, scopes: Sequence[str], audiences: Sequence[str]) -> None:
    """Insert a client as the previous release does."""
    lists = ", ".join("'{" + ",".join(words) + "}'" for words in (["password"], scopes, audiences))
    columns = "id, name, grants, scopes, audiences"
    fresh.ask(f"INSERT INTO identity.clients ({columns}) VALUES ('{client_id}', '{client_id}', {lists})")  # noqa: S608


def add_the_usual_clients(fresh: Fresh) -> None:
    add_client(fresh, "web", ["account", "posts:write"], [IDENTITY_URL, POSTS_URL])
    add_client(fresh, "posts", ["introspect", "ssf.manage", "ssf.read"], [IDENTITY_URL])


def upgrade(fresh: Fresh) -> None:
    command.upgrade(MIGRATIONS.config(fresh.url("identity_owner")), "0005")


def audience_of(fresh: Fresh, table: str, key: str, value: str, column: str = "audience") -> list[str]:
    return fresh.ask(f"SELECT {column} FROM identity.{table} WHERE {key} = '{value}'")  # noqa: S608


def test_usual_installation_works_before_the_set_up_has_run(fresh: Fresh) -> None:
    add_the_usual_clients(fresh)
    upgrade(fresh)
    assert set(fresh.ask("SELECT audience FROM identity.services")) == {IDENTITY_URL, POSTS_URL}
    assert audience_of(fresh, "service_scopes", "scope", "account") == [IDENTITY_URL]
    assert audience_of(fresh, "service_scopes", "scope", "ssf.read") == [IDENTITY_URL]
    assert audience_of(fresh, "service_scopes", "scope", "posts:write") == [POSTS_URL]
    assert audience_of(fresh, "clients", "id", "web", "default_audience") == [POSTS_URL]
    assert audience_of(fresh, "clients", "id", "posts", "default_audience") == [IDENTITY_URL]
    assert audience_of(fresh, "clients", "id", "posts", "scopes") == ["{ssf.manage,ssf.read}"]


def test_scope_that_could_be_of_several_services_is_left_to_the_set_up(fresh: Fresh) -> None:
    add_client(fresh, "web", ["account", "posts:write", "notes:read"], [IDENTITY_URL, POSTS_URL, NOTES_URL])
    add_client(fresh, "posts", ["ssf.read"], [IDENTITY_URL])
    upgrade(fresh)
    assert audience_of(fresh, "service_scopes", "scope", "notes:read") == []
    assert audience_of(fresh, "service_scopes", "scope", "account") == [IDENTITY_URL]
    assert audience_of(fresh, "clients", "id", "web", "default_audience") == []


@pytest.mark.parametrize(("scopes", "audiences"), [([], []), (["x"], []), ([], [NOTES_URL])])
def test_odd_clients_do_not_stop_the_migration(fresh: Fresh, scopes: list[str], audiences: list[str]) -> None:
    add_client(fresh, "odd", scopes, audiences)
    upgrade(fresh)
    assert fresh.ask("SELECT audience FROM identity.services") == audiences


def test_downgrade_takes_everything_away_and_upgrade_finds_it_again(fresh: Fresh) -> None:
    add_the_usual_clients(fresh)
    before = fresh.columns("identity")
    upgrade(fresh)
    command.downgrade(MIGRATIONS.config(fresh.url("identity_owner")), BEFORE)
    assert fresh.columns("identity") == before
    upgrade(fresh)
    assert audience_of(fresh, "service_scopes", "scope", "posts:write") == [POSTS_URL]


def test_only_the_clients_of_the_documentation_lose_the_password_grant(fresh: Fresh) -> None:
    """An earlier set-up gave them the grant; an operator may give it to one of them again."""
    command.upgrade(MIGRATIONS.config(fresh.url("identity_owner")), "0026")
    grants = {"identity-docs": "password,refresh_token,authorization_code", "posts-docs": "password,refresh_token"}
    for client_id in (*grants, "web", "notes-docs"):
        add_client(fresh, client_id, ["account"], [IDENTITY_URL])
    for client_id, words in grants.items():
        fresh.ask(f"UPDATE identity.clients SET grants = '{{{words}}}' WHERE id = '{client_id}'")  # noqa: S608
    MIGRATIONS.upgrade(fresh.url("identity_owner"))
    rows = fresh.ask("SELECT id || '=' || array_to_string(grants, ',') FROM identity.clients ORDER BY id")
    after = ["identity-docs=refresh_token,authorization_code", "notes-docs=password"]
    assert rows == [*after, "posts-docs=refresh_token", "web=password"]
    fresh.ask("UPDATE identity.clients SET grants = grants || '{password}' WHERE id = 'posts-docs'")
    MIGRATIONS.upgrade(fresh.url("identity_owner"))
    assert audience_of(fresh, "clients", "id", "posts-docs", "grants") == ["{refresh_token,password}"]


async def set_up(identity: Identity) -> list[Unassigned]:
    administration = Administration(identity.parts)
    await administration.install(POSTS_URL, POSTS_SECRET)
    return await administration.assign_scopes(POSTS_URL)


async def add(identity: Identity, client_id: str, scopes: list[str], audiences: list[str]) -> None:
    """Insert a client as a process of the previous release does."""
    draft = ClientDraft(client_id, client_id, None, ["password"], scopes, audiences, is_first_party=True)
    await identity.parts.clients.upsert(replace(draft.as_client(), default_audience=None))


async def scopes_of(databases: Databases) -> dict[str, str]:
    rows = await databases.fetch("identity_app", "SELECT scope, audience FROM identity.service_scopes")
    return {row["scope"]: row["audience"] for row in rows}


async def test_set_up_assigns_a_scope_for_which_one_audience_remains(identity: Identity, databases: Databases) -> None:
    both = [IDENTITY_URL, POSTS_URL]
    await add(identity, "app", ["account", "posts:write", "notes:read"], [*both, NOTES_URL])
    assert await set_up(identity) == []
    assert (await scopes_of(databases))["notes:read"] == NOTES_URL
    assert NOTES_URL in (await identity.parts.services.directory()).audiences


async def test_set_up_names_the_scopes_that_it_cannot_assign_and_their_clients(
    identity: Identity, databases: Databases
) -> None:
    await add(identity, "app", ["notes:read"], [NOTES_URL, TASKS_URL])
    await add(identity, "bot", ["notes:read"], [NOTES_URL, TASKS_URL])
    await add(identity, "old", ["report"], [IDENTITY_URL])
    assert await set_up(identity) == [Unassigned("notes:read", ["app", "bot"]), Unassigned("report", ["old"])]
    edit = ServiceEdit(scopes={"notes:read": "Read your notes"})
    await Administration(identity.parts).change_service(NOTES_URL, edit)
    assert await set_up(identity) == [Unassigned("report", ["old"])]
    assert (await scopes_of(databases))["notes:read"] == NOTES_URL


async def test_scope_of_a_service_whose_audience_is_no_url_can_be_assigned(
    identity: Identity, databases: Databases
) -> None:
    await add(identity, "app", ["notes:read"], ["notes", TASKS_URL])
    assert await set_up(identity) == [Unassigned("notes:read", ["app"])]
    edit = ServiceEdit(scopes={"notes:read": "Read your notes"})
    await Administration(identity.parts).change_service("notes", edit)
    assert (await scopes_of(databases))["notes:read"] == "notes"


async def test_set_up_gives_a_client_without_a_default_audience_one(identity: Identity, databases: Databases) -> None:
    await add(identity, "app", ["account", "posts:write"], [IDENTITY_URL, POSTS_URL])
    await add(identity, "own", ["account"], [IDENTITY_URL])
    await add(identity, "odd", [], [])
    await set_up(identity)
    rows = await databases.fetch("identity_app", "SELECT id, default_audience FROM identity.clients")
    defaults = {row["id"]: row["default_audience"] for row in rows}
    assert (defaults["app"], defaults["own"], defaults["odd"]) == (POSTS_URL, IDENTITY_URL, None)
    assert (defaults["web"], defaults["posts"]) == (POSTS_URL, IDENTITY_URL)


async def test_set_up_keeps_the_default_audience_that_an_operator_has_chosen(
    identity: Identity, databases: Databases
) -> None:
    await Administration(identity.parts).extend_client("web", ClientExtension([], [], IDENTITY_URL))
    assert await set_up(identity) == []
    rows = await databases.fetch("identity_app", "SELECT default_audience FROM identity.clients WHERE id = 'web'")
    assert rows[0]["default_audience"] == IDENTITY_URL


async def test_set_up_keeps_the_texts_that_an_operator_has_written(identity: Identity, databases: Databases) -> None:
    edit = ServiceEdit("Blog", scopes={"posts:write": "Blog in your name"})
    await Administration(identity.parts).change_service(POSTS_URL, edit)
    await set_up(identity)
    rows = await databases.fetch(
        "identity_app", "SELECT name, client_id FROM identity.services WHERE audience = $1", POSTS_URL
    )
    assert [tuple(row) for row in rows] == [("Blog", "posts")]
    texts = await databases.fetch(
        "identity_app", "SELECT description FROM identity.service_scopes WHERE scope = 'posts:write'"
    )
    assert texts[0]["description"] == "Blog in your name"


async def test_set_up_keeps_the_client_that_an_operator_has_given_to_a_service(
    identity: Identity, databases: Databases
) -> None:
    await add(identity, "asking", ["posts:write"], [POSTS_URL])
    await Administration(identity.parts).change_service(POSTS_URL, ServiceEdit("Blog", "asking"))
    await set_up(identity)
    assert await identity.parts.services.audiences_of("asking") == {POSTS_URL}


async def test_every_scope_and_permission_of_the_two_services_has_a_text(
    identity: Identity, databases: Databases
) -> None:
    for table in ("service_scopes", "service_permissions"):
        rows = await databases.fetch("identity_app", f"SELECT description FROM identity.{table}")  # noqa: S608
        assert rows
        assert all(row["description"] for row in rows)


async def test_posts_cannot_have_the_audience_of_identity(identity: Identity) -> None:
    with pytest.raises(Invalid, match="IDENTITY_POSTS_AUDIENCE must differ from IDENTITY_ISSUER"):
        await Administration(identity.parts).install(IDENTITY_URL, POSTS_SECRET)


async def test_scopes_move_with_a_service_whose_audience_changes(identity: Identity, databases: Databases) -> None:
    administration = Administration(identity.parts)
    await administration.install(NOTES_URL, POSTS_SECRET)
    assert await administration.assign_scopes(NOTES_URL) == []
    assert (await scopes_of(databases))["posts:write"] == NOTES_URL
    await identity.register("ada")
    assert (await identity.sign_in("ada"))["scope"] == "posts:write"


CLIENT = "SELECT * FROM identity.clients WHERE id = $1"
CALLBACK = f"{POSTS_URL}/auth/callback"


async def test_pages_sign_in_by_redirect(identity: Identity, databases: Databases) -> None:
    (pages,) = await databases.fetch("identity_app", CLIENT, "posts-pages")
    assert (pages["redirect_uris"], pages["post_logout_redirect_uris"]) == ([CALLBACK], [f"{POSTS_URL}/"])
    assert (pages["grants"], pages["is_first_party"]) == (["authorization_code", "refresh_token"], True)
    assert pages["secret_hash"] == hash_secret(POSTS_SECRET)
    assert (pages["scopes"], pages["default_audience"]) == (["posts:write", "openid"], POSTS_URL)
    for client_id, url in (("identity-docs", IDENTITY_URL), ("posts-docs", POSTS_URL)):
        (docs,) = await databases.fetch("identity_app", CLIENT, client_id)
        assert (docs["redirect_uris"], docs["secret_hash"]) == ([f"{url}/docs/oauth2-redirect"], None)
        assert (docs["grants"], docs["is_first_party"]) == (["authorization_code", "refresh_token"], True)


@pytest.mark.parametrize(
    "audience", ["https://posts.example/api", "https://Posts.example:443", "HTTPS://posts.example/"]
)
async def test_answers_go_to_the_origin_where_posts_serves_its_pages(
    identity: Identity, databases: Databases, audience: str
) -> None:
    await databases.execute("identity_owner", "DELETE FROM identity.clients")
    await Administration(identity.parts).install(audience, POSTS_SECRET)
    (pages,) = await databases.fetch("identity_app", CLIENT, "posts-pages")
    own: dict[str, Any] = {"client_secret": POSTS_SECRET, "pages_sealing_key": SEALING_KEY}
    own["database_url"] = databases.url("posts_app")
    origin = posts_service.settings.Settings(issuer=IDENTITY_URL, audience=audience, **own).pages_origin
    assert pages["redirect_uris"] == [f"{origin}/auth/callback"]
    assert pages["post_logout_redirect_uris"] == [f"{origin}/"]
    (docs,) = await databases.fetch("identity_app", CLIENT, "posts-docs")
    path = "/api" if audience.endswith("/api") else ""
    assert docs["redirect_uris"] == [f"https://posts.example{path}/docs/oauth2-redirect"]


async def test_pages_may_be_at_another_origin_than_the_audience(identity: Identity, databases: Databases) -> None:
    await databases.execute("identity_owner", "DELETE FROM identity.clients")
    for _ in range(2):
        await Administration(identity.parts).install("http://posts.lan:8002", POSTS_SECRET, "https://blog.example")
        (pages,) = await databases.fetch("identity_app", CLIENT, "posts-pages")
        assert pages["redirect_uris"] == ["https://blog.example/auth/callback"]
        assert pages["post_logout_redirect_uris"] == ["https://blog.example/"]
        assert (pages["default_audience"], pages["is_first_party"]) == ("http://posts.lan:8002", True)


async def test_set_up_adds_what_a_client_lacks_and_keeps_what_an_operator_has_added(
    identity: Identity, databases: Databases
) -> None:
    lacking = "UPDATE identity.clients SET grants = '{refresh_token}', redirect_uris = '{}', scopes = '{account}'"
    await databases.execute("identity_owner", f"{lacking} WHERE id = 'identity-docs'")
    own = "https://blog.example/auth/callback"
    administration = Administration(identity.parts)
    await administration.change_client("posts-pages", ClientChanges(redirect_uris=ListChange([own])))
    await administration.change_client("posts-docs", ClientChanges(grants=ListChange([GrantType.PASSWORD])))
    assert await set_up(identity) == []
    (docs,) = await databases.fetch("identity_app", CLIENT, "identity-docs")
    assert docs["scopes"] == ["account", "admin", "openid", "profile", "email"]
    assert docs["grants"] == ["refresh_token", "authorization_code"]
    assert docs["redirect_uris"] == [f"{IDENTITY_URL}/docs/oauth2-redirect"]
    (pages,) = await databases.fetch("identity_app", CLIENT, "posts-pages")
    assert pages["redirect_uris"] == [CALLBACK, own]
    await identity.register("ada")
    assert (await identity.sign_in("ada", client_id="posts-docs"))["scope"] == "posts:write"


async def test_no_code_goes_over_the_network_in_the_clear(identity: Identity, databases: Databases) -> None:
    await databases.execute("identity_owner", "DELETE FROM identity.clients")
    await Administration(identity.parts).install("http://posts.lan:8002", POSTS_SECRET)
    rows = await databases.fetch("identity_app", "SELECT id, redirect_uris FROM identity.clients ORDER BY id")
    uris = {row["id"]: row["redirect_uris"] for row in rows}
    assert uris == {
        "administration": [],
        "identity-docs": [f"{IDENTITY_URL}/docs/oauth2-redirect"],
        "posts": [],
        "web": [],
    }
