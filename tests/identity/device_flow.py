"""A device that asks for a session, and a person who decides about it in a browser."""

from dataclasses import dataclass
from typing import Any

import httpx

from identity_service.clients.drafts import ClientDraft
from identity_service.clients.grant_types import GrantType
from identity_service.oauth.metadata import DEVICE_AUTHORIZATION
from tests.identity.browsing import Browsing
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity

TELEVISION = "notes-tv"
NAME = "Notes on the television"
GRANTS = (GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN)
SCOPES = ("account", "posts:write", "offline_access")


async def register_client(
    identity: Identity, client_id: str = TELEVISION, *, grants: tuple[str, ...] = GRANTS, secret: str | None = None
) -> None:
    """A client of somebody else for devices, which may use both services."""
    draft = ClientDraft(client_id, NAME, secret, grants, SCOPES, [IDENTITY_URL, POSTS_URL], IDENTITY_URL)
    await identity.parts.clients.upsert(draft.as_client())


@dataclass
class Television:
    """A device with its codes. It sends another User-Agent than the browsers of the tests."""

    identity: Identity
    codes: dict[str, Any]
    client_id: str = TELEVISION

    @property
    def user_code(self) -> str:
        return str(self.codes["user_code"])

    async def poll(self, **form: Any) -> httpx.Response:
        form = {"client_id": self.client_id, "device_code": self.codes["device_code"], **form}
        return await self.identity.token(grant_type=GrantType.DEVICE_CODE, **form)

    async def error(self, **form: Any) -> str:
        """The error that a poll gets."""
        answer = await self.poll(**form)
        assert answer.status_code == 400, answer.text
        return str(answer.json()["error"])

    async def tokens(self, **form: Any) -> dict[str, Any]:
        answer = await self.poll(**form)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


async def request_codes(identity: Identity, client_id: str = TELEVISION, **form: Any) -> httpx.Response:
    """What a device gets that asks for its codes."""
    headers = {"User-Agent": "notes-tv/1.0"}
    return await identity.http.post(DEVICE_AUTHORIZATION, data={"client_id": client_id, **form}, headers=headers)


async def switched_on(identity: Identity, **form: Any) -> Television:
    """A device that has its codes and shows them."""
    answer = await request_codes(identity, **form)
    assert answer.status_code == 200, answer.text
    return Television(identity, answer.json())


async def enter(
    browser: Browsing, user_code: str, choice: str | None = None, *, username: str = "ada"
) -> httpx.Response:
    """Enter a code on the page, and decide as this person if there is a choice."""
    fields = {"user_code": user_code} | ({} if choice is None else {"choice": choice, "username": username})
    return await browser.send("/device", fields)


async def allow(browser: Browsing, television: Television) -> None:
    answer = await enter(browser, television.user_code, "allow")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/done/device-allowed"), answer.text


async def deny(browser: Browsing, television: Television) -> None:
    answer = await enter(browser, television.user_code, "deny")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/done/device-denied"), answer.text
