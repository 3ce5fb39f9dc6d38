"""Signing in, and checking whether the session of the tokens is live."""

from typing import Any

from identity_service.administration import Administration
from tests.identity.answers import ensure_oauth_error, ensure_problem
from tests.support.services import IDENTITY_URL, Identity, bearer


async def register_and_sign_in(identity: Identity, **form: str) -> dict[str, Any]:
    """The token answer to the new user `ada`; the access token is for this service, unless `form` names another."""
    await identity.register("ada")
    return await identity.sign_in("ada", **{"resource": IDENTITY_URL, **form})


async def ensure_ended(identity: Identity, tokens: dict[str, Any], **client: str) -> None:
    refused = await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))
    ensure_problem(refused, 401, "unauthenticated")
    ensure_oauth_error(await identity.refresh(tokens["refresh_token"], **client), "invalid_grant")


async def ensure_live(identity: Identity, tokens: dict[str, Any], **client: str) -> None:
    assert (await identity.http.get("/users/me", headers=bearer(tokens["access_token"]))).status_code == 200
    assert (await identity.refresh(tokens["refresh_token"], **client)).status_code == 200


async def issue_initial_password(identity: Identity, login: str) -> str:
    """Give the account a generated password as an operator does, and return it."""
    return (await Administration(identity.parts).set_password(login)).password
