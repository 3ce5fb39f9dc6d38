"""What ends every sign-on and every session of a person: the account `ada`, whose password is that of all tests."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

from identity_service.administration import Administration
from identity_service.factor_acts.values import Owner
from tests.identity.answers import claims_of
from tests.identity.mailbox import token_in_letter
from tests.identity.second_factors import add_app, add_app_as
from tests.identity.signing_on import ORIGIN, sign_on, submit
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

OTHER = "paper clouds over Turin"


async def change_password(identity: Identity, _: Path) -> None:
    headers = bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])
    change = {"current_password": PASSWORD, "new_password": OTHER}
    assert (await identity.http.put("/users/me/password", json=change, headers=headers)).status_code == 204


async def reset_password(identity: Identity, mail: Path) -> None:
    await submit(identity, "/forgot-password", email="ada@example.com")
    token = await token_in_letter(mail, "ada@example.com", "/reset-password")
    await submit(identity, f"/reset-password/{token}", new_password=OTHER)


async def disavow(identity: Identity, mail: Path) -> None:
    await change_password(identity, mail)
    identity.http.cookies.clear()
    await sign_on(identity, password=OTHER)
    token = await token_in_letter(mail, "ada@example.com", "/security-notice")
    assert (await submit(identity, f"/security-notice/{token}")).status_code == 303


async def restore_address(identity: Identity, mail: Path) -> None:
    headers = bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])
    change = {"current_password": PASSWORD, "email": "countess@example.com"}
    await identity.http.post("/users/me/email", json=change, headers=headers)
    for email, page in (("countess@example.com", "/confirm-address"), ("ada@example.com", "/undo-address")):
        fields = {"password": PASSWORD} if page == "/confirm-address" else {}
        await submit(identity, f"{page}/{await token_in_letter(mail, email, page)}", ORIGIN, **fields)


async def disable(identity: Identity, _: Path) -> None:
    await Administration(identity.parts).set_active("ada", False)


async def end_everywhere(identity: Identity, _: Path) -> None:
    headers = bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])
    assert (await identity.http.delete("/sessions", headers=headers)).status_code == 204


async def add_factor(identity: Identity, _: Path) -> None:
    tokens = await identity.sign_in("ada", resource=IDENTITY_URL)
    session = claims_of(tokens["access_token"])
    await add_app_as(identity, Owner(UUID(session["sub"]), session_id=UUID(session["sid"])))


async def reset_factors(identity: Identity, _: Path) -> None:
    administration = Administration(identity.parts)
    await add_app(identity, str(await administration.find_user("ada")))
    assert await administration.reset_factors("ada") is not None


ENDS: dict[str, Callable[[Identity, Path], Awaitable[None]]] = {
    "password changed": change_password,
    "password reset": reset_password,
    "disavowed by the account's owner": disavow,
    "change of address undone": restore_address,
    "account disabled": disable,
    "ended by its owner": end_everywhere,
    "second factor added": add_factor,
    "second factors removed by an administrator": reset_factors,
}
