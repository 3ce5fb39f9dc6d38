"""What people do with passkeys over HTTP, with an authenticator in software."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.authenticator import Authenticator
from tests.support.services import IDENTITY_URL, Identity

PASSKEYS = "/users/me/passkeys"


async def registration_options(identity: Identity, headers: Mapping[str, str]) -> dict[str, Any]:
    """What the browser is asked for to add a passkey."""
    answer = await identity.http.post(f"{PASSKEYS}/options", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["public_key"])


async def add(identity: Identity, headers: Mapping[str, str], credential: Any, **members: Any) -> httpx.Response:
    """The answer to the credential that an authenticator has made."""
    return await identity.http.post(PASSKEYS, json={"credential": credential, **members}, headers=headers)


async def add_passkey(
    identity: Identity, headers: Mapping[str, str], authenticator: Authenticator | None = None, **members: Any
) -> tuple[Authenticator, dict[str, Any]]:
    """The authenticator with a passkey of the caller, and what the service answered."""
    options = await registration_options(identity, headers)
    holder, credential = (authenticator or Authenticator.of(IDENTITY_URL)).register(options)
    answer = await add(identity, headers, credential, **members)
    assert answer.status_code == 201, answer.text
    return holder, dict(answer.json())
