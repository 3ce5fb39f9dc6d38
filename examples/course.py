"""The project of many courses, in one file: a greeting, a login, a profile, a dashboard and a list of users.

Accounts, passwords and tokens are identity's. This service verifies tokens, and keeps a list of its callers in memory.
It receives no revocations, because it has no database: a token stays valid here until it expires, after ten minutes.
`task_manager.py` shows the other way. `README.md` in this folder says how to start it and how to call it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI
from pydantic import BaseModel, SecretStr

from watchword.auth import Principal, Verifier, protect, public, requires
from watchword.errors import Unauthenticated, Unavailable
from watchword.http_client import open_client


class WrongCredentials(Unauthenticated):
    """The issuer does not say whether the username is unknown or the password is wrong, and so neither does this."""

    code = "wrong_credentials"
    detail = "The username or the password is wrong."

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="course"'}


class LoginUnavailable(Unavailable):
    code = "login_unavailable"
    detail = "Logging in is not possible at the moment; try again shortly."


class Credentials(BaseModel):
    username: str
    password: SecretStr


class User(BaseModel):
    """A user as their access token describes them."""

    id: str
    username: str | None
    roles: list[str]
    permissions: list[str]


class AuthHandler:
    """Logs users in at the issuer's token endpoint, and remembers who has called this service since it started."""

    def __init__(self, verifier: Verifier, http: httpx.AsyncClient) -> None:
        self.users: dict[str, User] = {}
        self._verifier = verifier
        self._http = http

    async def login(self, credentials: Credentials) -> dict[str, Any]:
        """The token endpoint's answer, with an access token that this service accepts. The password is not stored."""
        password = credentials.password.get_secret_value()
        form = {"grant_type": "password", "username": credentials.username, "password": password}
        form["resource"] = self._verifier.audience
        try:
            answer = await self._http.post(f"{self._verifier.issuer}/oauth/token", data=form)
            tokens: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise LoginUnavailable(repr(error)) from error
        match tokens:
            case {"access_token": str(token)} if answer.status_code == 200:
                self.remember(await self._verifier.verify(token))
                return tokens
            case {"error": "invalid_grant"}:
                raise WrongCredentials(answer.text)
        # Such as invalid_target, if this service has not been made at the issuer, or unsupported_grant_type, if the
        # password grant is off there.
        raise LoginUnavailable(f"the token endpoint answered {answer.status_code}: {answer.text}")

    def remember(self, caller: Principal) -> User:
        """Put the caller on the list of users, or update them."""
        roles, permissions = sorted(caller.roles), sorted(caller.permissions)
        user = User(id=caller.subject, username=caller.username, roles=roles, permissions=permissions)
        self.users[user.id] = user
        return user


verifier = Verifier.of(os.environ["COURSE_ISSUER"], audience=os.environ["COURSE_AUDIENCE"])
http = open_client(timeout=10)
auth = AuthHandler(verifier, http)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with http:
        yield


app = FastAPI(title="Course", lifespan=lifespan)
protect(app, verifier)

Caller = Annotated[Principal, Depends(requires("course"))]
Administrator = Annotated[Principal, Depends(requires("course", role="admin"))]


@app.get("/")
@public
async def greet() -> dict[str, str]:
    return {"message": "Welcome, everybody."}


@app.post("/login")
@public
async def log_in(credentials: Credentials) -> dict[str, Any]:
    return await auth.login(credentials)


@app.get("/profile")
async def read_profile(caller: Caller) -> User:
    """The caller, as the token describes them."""
    return auth.remember(caller)


@app.get("/dashboard")
async def read_dashboard(administrator: Administrator) -> dict[str, Any]:
    """For administrators only."""
    return {"message": f"Welcome, {administrator.username}.", "users": len(auth.users)}


@app.get("/users")
async def list_users(_: Administrator) -> list[User]:
    """Everybody who has used this service since it started. identity has no operation that lists all accounts."""
    return sorted(auth.users.values(), key=lambda user: user.username or "")
