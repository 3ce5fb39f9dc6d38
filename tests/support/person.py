"""A person who registers, signs in and publishes at services in other processes."""

from typing import Any, Protocol

import httpx

from tests.support.services import PASSWORD, bearer


class ServiceUrls(Protocol):
    """The URLs of both services: a stack of processes or of containers."""

    @property
    def identity(self) -> str: ...

    @property
    def posts(self) -> str: ...


class Person:
    """A person with an account, who uses identity and one more service over HTTP: posts, or the one with `audience`."""

    def __init__(self, http: httpx.AsyncClient, stack: ServiceUrls, username: str, audience: str | None = None) -> None:
        self.http = http
        self.stack = stack
        self.username = username
        self.audience = audience or stack.posts
        self.tokens: dict[str, Any] = {}
        self.identity_token = ""

    @property
    def headers(self) -> dict[str, str]:
        """With a token for the one more service."""
        return bearer(self.tokens["access_token"])

    @property
    def identity_headers(self) -> dict[str, str]:
        """With a token of the same session for identity itself."""
        return bearer(self.identity_token)

    async def register(self) -> "Person":
        body = {"username": self.username, "email": f"{self.username}@example.com", "password": PASSWORD}
        response = await self.http.post(f"{self.stack.identity}/users", json=body)
        assert response.status_code == 201, response.text
        return await self.sign_in()

    async def sign_in(self) -> "Person":
        """Sign in, and get an access token for each service."""
        password = {"grant_type": "password", "username": self.username, "password": PASSWORD}
        return await self._get_both(await self._tokens(**password, resource=self.stack.identity))

    async def refresh(self) -> "Person":
        """Get another access token for each service."""
        return await self._get_both(await self._refreshed(self.tokens, resource=self.stack.identity))

    async def sign_out(self, **fields: str) -> httpx.Response:
        """End the session, with these further header fields."""
        headers = {**self.identity_headers, **fields}
        answer = await self.http.delete(f"{self.stack.identity}/sessions/current", headers=headers)
        assert answer.status_code == (200 if "Prefer" in fields else 204), answer.text
        return answer

    async def publish(self, **draft: Any) -> httpx.Response:
        body = {"title": "A title", "body": "A body", **draft}
        return await self.http.post(f"{self.stack.posts}/posts", json=body, headers=self.headers)

    async def _get_both(self, own: dict[str, Any]) -> "Person":
        """Keep the token for identity of this answer, and get one for the one more service."""
        self.identity_token = own["access_token"]
        self.tokens = await self._refreshed(own, resource=self.audience)
        return self

    async def _refreshed(self, tokens: dict[str, Any], **form: str) -> dict[str, Any]:
        return await self._tokens(grant_type="refresh_token", refresh_token=tokens["refresh_token"], **form)

    async def _tokens(self, **form: str) -> dict[str, Any]:
        response = await self.http.post(f"{self.stack.identity}/oauth/token", data=form)
        assert response.status_code == 200, response.text
        return dict(response.json())
