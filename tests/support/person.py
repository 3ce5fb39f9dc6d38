"""A person who registers, signs in and publishes at services in other processes."""

from typing import Any, Protocol

import httpx

from tests.support.services import PASSWORD, bearer


class Place(Protocol):
    """The URLs of both services: a stack of processes or of containers."""

    @property
    def identity(self) -> str: ...

    @property
    def posts(self) -> str: ...


class Person:
    """A person with an account, who uses both services over HTTP."""

    def __init__(self, http: httpx.AsyncClient, stack: Place, username: str) -> None:
        self.http = http
        self.stack = stack
        self.username = username
        self.tokens: dict[str, Any] = {}

    @property
    def headers(self) -> dict[str, str]:
        return bearer(self.tokens["access_token"])

    async def register(self) -> "Person":
        body = {"username": self.username, "email": f"{self.username}@example.com", "password": PASSWORD}
        response = await self.http.post(f"{self.stack.identity}/users", json=body)
        assert response.status_code == 201, response.text
        return await self.sign_in()

    async def sign_in(self) -> "Person":
        return await self._get_tokens(grant_type="password", username=self.username, password=PASSWORD)

    async def refresh(self) -> "Person":
        return await self._get_tokens(grant_type="refresh_token", refresh_token=self.tokens["refresh_token"])

    async def publish(self, **draft: Any) -> httpx.Response:
        body = {"title": "A title", "body": "A body", **draft}
        return await self.http.post(f"{self.stack.posts}/posts", json=body, headers=self.headers)

    async def _get_tokens(self, **form: str) -> "Person":
        response = await self.http.post(f"{self.stack.identity}/oauth/token", data=form)
        assert response.status_code == 200, response.text
        self.tokens = response.json()
        return self
