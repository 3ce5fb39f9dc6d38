"""What happens to the account between the moment when a person allows a device and the one when it fetches its
tokens."""

from collections.abc import Awaitable, Callable

import pytest

from identity_service.administration import Administration
from tests.identity.browsing import Browsing, browsing
from tests.identity.device_flow import Television, allow, switched_on
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

OTHER = "paper clouds over Turin"
SESSIONS = "SELECT FROM identity.sessions WHERE client_id = 'notes-tv'"
SET = "UPDATE identity.users SET {} WHERE username = 'ada'"

Act = Callable[[Identity, Browsing, Databases], Awaitable[object]]

pytestmark = pytest.mark.usefixtures("device_client")


@pytest.fixture
async def television(identity: Identity, ada: Browsing) -> Television:
    """A device that ada has allowed, and that did not fetch its tokens yet."""
    television = await switched_on(identity)
    await allow(ada, television)
    return television


async def change_password(identity: Identity, ada: Browsing, _: Databases) -> object:
    fields = {"current_password": PASSWORD, "new_password": OTHER}
    return await ada.send("/account/password", fields)


async def end_by_owner(identity: Identity, ada: Browsing, databases: Databases) -> object:
    """Ada sees the browser that allowed the device in the list, does not know it, and ends it there."""
    (row,) = await databases.fetch("identity_app", "SELECT id FROM identity.sign_ons")
    async with browsing(identity) as elsewhere:
        await elsewhere.sign_on()
        return await elsewhere.send("/account/devices", {"id": str(row["id"])})


async def end_others(identity: Identity, ada: Browsing, _: Databases) -> object:
    return await ada.send("/account/devices/others")


async def end_others_by_token(identity: Identity, _: Browsing, __: Databases) -> object:
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    return await identity.http.delete("/sessions", headers=bearer(tokens["access_token"]))


async def delete(identity: Identity, ada: Browsing, _: Databases) -> object:
    return await ada.send("/account/delete", {"confirmation": "ada"})


async def take_access_back(identity: Identity, ada: Browsing, _: Databases) -> object:
    return await ada.send("/account/applications", {"client_id": "notes-tv"})


TAKING_BACK: dict[str, tuple[Act, str]] = {
    "the password is changed": (change_password, "access_denied"),
    "everything else is signed out": (end_others, "access_denied"),
    "everything else is signed out by a token": (end_others_by_token, "access_denied"),
    "the account is disabled": (
        lambda identity, _, __: Administration(identity.parts).set_active("ada", False),
        "access_denied",
    ),
    "the access of the application is taken back": (take_access_back, "access_denied"),
    "the browser is signed out from elsewhere": (end_by_owner, "invalid_grant"),
    "the account is deleted": (delete, "invalid_grant"),
}


@pytest.mark.parametrize("name", TAKING_BACK)
async def test_what_takes_everything_back_takes_an_allowed_device_back(
    identity: Identity, ada: Browsing, television: Television, databases: Databases, name: str
) -> None:
    act, error = TAKING_BACK[name]
    await act(identity, ada, databases)
    assert await television.error() == error
    # Nor does it get tokens once the account can be used again.
    await databases.execute("identity_owner", SET.format("is_active = true"))
    assert await television.error() == error
    assert await databases.fetch("identity_app", SESSIONS) == []


async def test_nobody_who_may_not_sign_in_gets_a_device_signed_in(television: Television, databases: Databases) -> None:
    for column, refusing, usual in (
        ("is_active", "false", "true"),
        ("awaits_verification", "true", "false"),
        ("must_change_password", "true", "false"),
    ):
        await databases.execute("identity_owner", SET.format(f"{column} = {refusing}"))
        assert await television.error() == "invalid_grant", column
        assert await databases.fetch("identity_app", SESSIONS) == [], column
        await databases.execute("identity_owner", SET.format(f"{column} = {usual}"))
    # Nothing else kept it from its tokens.
    await television.tokens()


async def test_a_device_stays_allowed_when_the_person_signs_out_of_the_browser(
    identity: Identity, ada: Browsing, television: Television
) -> None:
    await ada.send("/sign-out")
    tokens = await television.tokens()
    me = await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))
    assert (me.status_code, me.json()["username"]) == (200, "ada")


async def test_a_session_of_a_device_ends_with_everything_else(
    identity: Identity, ada: Browsing, television: Television
) -> None:
    tokens = await television.tokens()
    await ada.send("/account/devices/others")
    me = await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))
    assert me.status_code == 401
    assert (await identity.refresh(tokens["refresh_token"], client_id=television.client_id)).status_code == 400
