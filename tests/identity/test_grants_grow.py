"""What an open session gets when its client may have more or less than before."""

import asyncio

import asyncpg
import pytest

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft, ClientExtension
from identity_service.clients.values import ClientReplacements
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.services.drafts import ServiceDraft
from tests.identity.answers import claims_of, ensure_oauth_error
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from tests.support.waiting import until

NOTES_URL = "https://notes.example"
# A row of the previous release: it does not say what was asked for.
OLD = "UPDATE identity.sessions SET audience = NULL, names_scopes = NULL"
PEOPLE = ["password", "refresh_token"]


@pytest.fixture
async def identity(identity: Identity) -> Identity:
    """With the user `ada`, the service Notes, and the client `app`, which may not reach it yet."""
    await identity.register("ada")
    administration = Administration(identity.parts)
    scopes = {"notes:read": "Read your notes", "notes:write": "Write notes"}
    await administration.create_service(ServiceDraft(NOTES_URL, "Notes", scopes=scopes))
    await administration.create_client(
        ClientDraft("app", "App", None, PEOPLE, ["account"], [IDENTITY_URL], is_first_party=True)
    )
    return identity


async def refresh_token(identity: Identity, **form: str) -> str:
    return str((await identity.sign_in("ada", client_id="app", **form))["refresh_token"])


async def extend(identity: Identity) -> None:
    extension = ClientExtension(["notes:read"], [NOTES_URL])
    await Administration(identity.parts).extend_client("app", extension)


async def make_third_party(databases: Databases) -> None:
    """Make the client one of others, who may have no more than a person has consented to."""
    changes = "UPDATE identity.clients SET is_first_party = false, grants = '{refresh_token}' WHERE id = 'app'"
    await databases.execute("identity_owner", changes)


async def test_session_of_a_first_party_client_gets_what_the_client_may_have_now(identity: Identity) -> None:
    token = await refresh_token(identity)
    await extend(identity)
    answer = (await identity.refresh(token, client_id="app", resource=NOTES_URL)).json()
    assert (claims_of(answer["access_token"])["aud"], answer["scope"]) == (NOTES_URL, "notes:read")
    after = (await identity.refresh(answer["refresh_token"], client_id="app")).json()
    assert (claims_of(after["access_token"])["aud"], after["scope"]) == (IDENTITY_URL, "account")


async def test_session_whose_scopes_were_asked_for_by_name_gets_no_more(identity: Identity) -> None:
    token = await refresh_token(identity, scope="account")
    await extend(identity)
    for form in ({"resource": NOTES_URL}, {"scope": "notes:read", "resource": NOTES_URL}):
        ensure_oauth_error(await identity.refresh(token, client_id="app", **form), "invalid_scope")
    assert (await identity.refresh(token, client_id="app")).json()["scope"] == "account"


async def test_session_of_a_third_party_never_gets_more_than_was_consented_to(
    identity: Identity, databases: Databases
) -> None:
    token = await refresh_token(identity)
    await make_third_party(databases)
    await extend(identity)
    ensure_oauth_error(await identity.refresh(token, client_id="app", resource=NOTES_URL), "invalid_target")
    ensure_oauth_error(await identity.refresh(token, client_id="app", scope="notes:read"), "invalid_scope")
    assert (await identity.refresh(token, client_id="app")).json()["scope"] == "account"


@pytest.mark.parametrize("is_third_party", [False, True])
async def test_what_a_client_loses_its_sessions_lose_too(
    identity: Identity, databases: Databases, is_third_party: bool
) -> None:
    await extend(identity)
    token = await refresh_token(identity, resource=NOTES_URL)
    if is_third_party:
        await make_third_party(databases)
    less = "UPDATE identity.clients SET scopes = '{account}', audiences = $1 WHERE id = 'app'"
    await databases.execute("identity_owner", less, [IDENTITY_URL])
    ensure_oauth_error(await identity.refresh(token, client_id="app", resource=NOTES_URL), "invalid_target")
    answer = (await identity.refresh(token, client_id="app")).json()
    assert (claims_of(answer["access_token"])["aud"], answer["scope"]) == (IDENTITY_URL, "account")


async def test_session_of_the_previous_release_with_all_scopes_grows_with_its_client(
    identity: Identity, databases: Databases
) -> None:
    token = await refresh_token(identity)
    await databases.execute("identity_owner", OLD)
    await extend(identity)
    assert (await identity.refresh(token, client_id="app", resource=NOTES_URL)).json()["scope"] == "notes:read"


async def test_session_of_the_previous_release_with_fewer_scopes_gets_no_more(
    identity: Identity, databases: Databases
) -> None:
    await extend(identity)
    token = await refresh_token(identity, scope="account", resource=IDENTITY_URL)
    await databases.execute("identity_owner", OLD)
    await Administration(identity.parts).extend_client("app", ClientExtension(["notes:write"], []))
    ensure_oauth_error(await identity.refresh(token, client_id="app", resource=NOTES_URL), "invalid_scope")


async def test_session_of_the_previous_release_begins_with_the_default_of_its_client(
    identity: Identity, databases: Databases
) -> None:
    token = (await identity.sign_in("ada", resource=IDENTITY_URL))["refresh_token"]
    await databases.execute("identity_owner", OLD)
    assert claims_of((await identity.refresh(token)).json()["access_token"])["aud"] == POSTS_URL


async def test_session_of_the_previous_release_with_one_audience_keeps_it(
    identity: Identity, databases: Databases
) -> None:
    token = (await identity.sign_in("ada"))["refresh_token"]
    await databases.execute("identity_owner", OLD)
    await databases.execute("identity_owner", "UPDATE identity.sessions SET audiences = $1", [IDENTITY_URL])
    assert claims_of((await identity.refresh(token)).json()["access_token"])["aud"] == IDENTITY_URL


async def test_client_that_may_ask_for_less_says_what_sessions_get(identity: Identity, databases: Databases) -> None:
    token = await refresh_token(identity)
    await databases.execute("identity_owner", OLD)
    fewer = ClientReplacements(scopes=["notes:read"], audiences=[NOTES_URL], default_audience=NOTES_URL)
    await identity.parts.admin.clients.change("app", fewer, BY_COMMAND_LINE, lambda _: None)
    answer = (await identity.refresh(token, client_id="app")).json()
    assert (claims_of(answer["access_token"])["aud"], answer["scope"]) == (NOTES_URL, "notes:read")


async def test_any_number_of_sessions_of_the_release_before_is_settled_in_portions(
    identity: Identity, databases: Databases
) -> None:
    await identity.sign_in("ada", client_id="app")
    copy = """INSERT INTO identity.sessions (user_id, client_id, scopes, audiences, created_at, expires_at)
        SELECT user_id, client_id, scopes, audiences, created_at, expires_at FROM identity.sessions
        CROSS JOIN generate_series(1, 6000)"""
    await databases.execute("identity_owner", copy)
    connection = await asyncpg.connect(databases.url("identity_owner"))
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM identity.sessions ORDER BY id DESC LIMIT 1 FOR UPDATE")
            extending = asyncio.create_task(extend(identity))
            settled = "SELECT count(*) AS n FROM identity.sessions WHERE names_scopes = false"
            await until(lambda: has_more_than(databases, settled, 5_000))
            assert not extending.done()
    finally:
        await connection.close()
    await extending
    (row,) = await databases.fetch("identity_app", "SELECT count(*) AS n FROM identity.sessions WHERE names_scopes")
    assert row["n"] == 0
    assert await has_more_than(databases, settled, 6_000)


async def has_more_than(databases: Databases, count: str, limit: int) -> bool:
    return bool((await databases.fetch("identity_app", count))[0]["n"] > limit)
