"""Changing the address of an account by the links in letters."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.identity.mailbox import token_in_letter
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer

OLD = "ada@example.com"
FRESH = "countess@example.com"
CONFIRM = "/confirm-address"
UNDO = "/undo-address"


@dataclass
class Owner:
    """Somebody who uses the account `ada`, and who reads all letters of a folder."""

    identity: Identity
    folder: Path
    headers: dict[str, str]

    @classmethod
    async def of(cls, identity: Identity, folder: Path) -> "Owner":
        return cls(identity, folder, await identity.signed_in("ada"))

    async def sign_in(self, password: str = PASSWORD) -> dict[str, Any]:
        """Sign in, and act in that session from now on."""
        tokens = await self.identity.sign_in("ada", password, resource=IDENTITY_URL)
        self.headers = bearer(tokens["access_token"])
        return tokens

    async def ask(self, email: str = FRESH, password: str = PASSWORD) -> httpx.Response:
        body = {"email": email, "current_password": password}
        return await self.identity.http.post("/users/me/email", json=body, headers=self.headers)

    async def change_password(self, current: str, other: str) -> httpx.Response:
        body = {"current_password": current, "new_password": other}
        return await self.identity.http.put("/users/me/password", json=body, headers=self.headers)

    async def link(self, email: str = FRESH, password: str = PASSWORD) -> str:
        """The token that was sent to this address, which was requested."""
        response = await self.ask(email, password)
        assert response.status_code == 202, response.text
        return await token_in_letter(self.folder, email, CONFIRM)

    async def move(self, former: str = OLD, email: str = FRESH, password: str = PASSWORD) -> str:
        """Change the address to this one, and return the token that undoes it."""
        response = await self.confirm(await self.link(email, password), password)
        assert response.status_code == 204, response.text
        return await token_in_letter(self.folder, former, UNDO)

    async def confirm(self, token: str, password: str = PASSWORD) -> httpx.Response:
        return await self.identity.http.post(f"/email-changes/{token}", json={"password": password})

    async def undo(self, token: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.identity.http.post(f"/email-changes/{token}/undo", headers=headers)

    async def reset(self, token: str, password: str) -> httpx.Response:
        body = {"new_password": password}
        return await self.identity.http.post(f"/password-resets/{token}", json=body)


async def address(databases: Databases, username: str = "ada") -> str:
    """The address that the account has."""
    (row,) = await databases.fetch("identity_app", "SELECT email FROM identity.users WHERE username = $1", username)
    return str(row["email"])
