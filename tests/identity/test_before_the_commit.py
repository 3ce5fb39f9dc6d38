"""What cannot be answered is refused before it is committed: no session is left behind, no refresh token spent."""

from identity_service.administration import Administration
from identity_service.clients.drafts import ClientDraft, ClientExtension
from identity_service.clients.models import FIRST_PARTY_CLIENT
from identity_service.services.drafts import ServiceDraft
from identity_service.tokens import size
from tests.identity.answers import claims_of, ensure_oauth_error, ensure_problem
from tests.support.databases import Databases
from tests.support.services import PASSWORD, POSTS_SECRET, POSTS_URL, Identity
from watchword.auth.jws import MAX_TOKEN_BYTES

NOTES_URL = "https://notes.example"
SESSIONS = "SELECT 1 FROM identity.sessions"
SPENT = "SELECT 1 FROM identity.refresh_tokens WHERE used_at IS NOT NULL"
PASSWORD_GRANT = {"grant_type": "password", "username": "ada", "password": PASSWORD}


async def add_scopes(identity: Identity, count: int) -> list[str]:
    """A service with so many scopes of a hundred characters."""
    scopes = {f"{'x' * 96}:{number:03}": "Read a note" for number in range(count)}
    await Administration(identity.parts).create_service(ServiceDraft(NOTES_URL, "Notes", scopes=scopes))
    return list(scopes)


async def add_app(identity: Identity, count: int = 100) -> list[str]:
    """A client whose scopes do not fit into one token. Returns the warnings of the command."""
    grants = ["password", "refresh_token", "client_credentials"]
    scopes = await add_scopes(identity, count)
    draft = ClientDraft("app", "App", POSTS_SECRET, grants, scopes, [NOTES_URL], is_first_party=True)
    return (await Administration(identity.parts).create_client(draft))[1]


APP = {"client_id": "app", "client_secret": POSTS_SECRET}


async def take_scopes_from_web(databases: Databases) -> None:
    await databases.execute("identity_owner", "UPDATE identity.clients SET scopes = '{}' WHERE id = 'web'")


async def take_keys(identity: Identity, databases: Databases) -> None:
    await databases.execute("identity_owner", "DELETE FROM identity.signing_keys")
    await identity.parts.keyring.reload()


async def test_nobody_signs_in_while_the_client_has_no_scopes(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await take_scopes_from_web(databases)
    ensure_oauth_error(await identity.token(**PASSWORD_GRANT), "invalid_scope")
    assert await databases.fetch("identity_app", SESSIONS) == []


async def test_no_refresh_token_is_spent_while_the_client_has_no_scopes(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    token = (await identity.sign_in("ada"))["refresh_token"]
    await take_scopes_from_web(databases)
    ensure_oauth_error(await identity.refresh(token), "invalid_scope")
    assert await databases.fetch("identity_app", SPENT) == []


async def test_nobody_signs_in_while_no_key_signs(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    await take_keys(identity, databases)
    ensure_problem(await identity.token(**PASSWORD_GRANT), 503, "no_signing_key")
    assert await databases.fetch("identity_app", SESSIONS) == []


async def test_no_refresh_token_is_spent_while_no_key_signs(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    token = (await identity.sign_in("ada"))["refresh_token"]
    # The key still verifies, but its turn to sign is over.
    late = "UPDATE identity.signing_keys SET signs_from = now() - interval '2 h', signs_until = now() - interval '1 h'"
    await databases.execute("identity_owner", late)
    await identity.parts.keyring.reload()
    ensure_problem(await identity.refresh(token), 503, "no_signing_key")
    assert await databases.fetch("identity_app", SPENT) == []


async def test_token_that_no_service_would_accept_is_refused_and_starts_no_session(
    identity: Identity, databases: Databases
) -> None:
    await identity.register("ada")
    await add_app(identity)
    refused = await identity.token(**PASSWORD_GRANT, **APP)
    ensure_oauth_error(refused, "invalid_scope")
    assert "ask for fewer" in refused.json()["error_description"]
    assert await databases.fetch("identity_app", SESSIONS) == []


async def test_fewer_scopes_make_a_token_that_is_accepted(identity: Identity) -> None:
    await identity.register("ada")
    await add_app(identity)
    scope = f"{'x' * 96}:000"
    assert (await identity.sign_in("ada", **APP, scope=scope))["scope"] == scope


async def test_service_gets_no_token_that_would_not_be_accepted(identity: Identity) -> None:
    await add_app(identity)
    ensure_oauth_error(await identity.token(grant_type="client_credentials", **APP), "invalid_scope")


async def test_refresh_for_a_token_that_is_too_large_spends_nothing(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    token = (await identity.sign_in("ada"))["refresh_token"]
    extension = ClientExtension(await add_scopes(identity, 100), [NOTES_URL])
    await Administration(identity.parts).extend_client(FIRST_PARTY_CLIENT, extension)
    ensure_oauth_error(await identity.refresh(token, resource=NOTES_URL), "invalid_scope")
    assert await databases.fetch("identity_app", SPENT) == []
    assert (await identity.refresh(token, resource=POSTS_URL)).status_code == 200


async def test_every_token_up_to_the_limit_is_accepted_and_none_beyond_it_is_issued(
    identity: Identity,
) -> None:
    scopes = await add_scopes(identity, 100)
    outcomes = set()
    for count in range(50, 60):
        draft = ClientDraft("robot", "Robot", POSTS_SECRET, ["client_credentials"], scopes[:count], [NOTES_URL])
        await identity.parts.clients.upsert(draft.as_client())
        answer = await identity.token(grant_type="client_credentials", client_id="robot", client_secret=POSTS_SECRET)
        outcomes.add(answer.status_code)
        if answer.status_code == 200:
            assert len(answer.json()["access_token"]) <= MAX_TOKEN_BYTES
    assert outcomes == {200, 400}


async def test_size_that_is_calculated_is_the_size_of_the_token(identity: Identity) -> None:
    await identity.register("ada")
    token = (await identity.sign_in("ada"))["access_token"]
    assert size.token_bytes(claims_of(token)) == len(token)


async def test_administrator_is_warned_of_a_client_whose_scopes_fill_a_token(identity: Identity) -> None:
    (warning,) = await add_app(identity, 50)
    assert warning.startswith(f"a token with all its scopes of {NOTES_URL} has at least ")
    draft = ClientDraft(
        "small", "Small", None, ["password"], ["account"], ["http://localhost:8001"], is_first_party=True
    )
    assert (await Administration(identity.parts).create_client(draft))[1] == []
