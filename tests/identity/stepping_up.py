"""A service whose guards ask for a recent or a strong sign-in, and the challenge that it answers with (RFC 9470)."""

import re
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI

from tests.identity.obeying import CopiedKeys
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from watchword.auth import Principal, Verifier, protect, requires
from watchword.testing import StandingClock


def payments(identity: Identity, clock: StandingClock) -> FastAPI:
    """A service for which a sign-in must not be older than five minutes, or must be strong."""
    app = FastAPI()

    @app.get("/payments")
    async def pay(payer: Annotated[Principal, Depends(requires("posts:write", max_age=300))]) -> str:
        return payer.subject

    @app.get("/keys")
    async def read_keys(reader: Annotated[Principal, Depends(requires("posts:write", acr="mfa"))]) -> str:
        return reader.subject

    protect(app, Verifier(issuer=IDENTITY_URL, audience=POSTS_URL, keys=CopiedKeys(identity), clock=clock))
    return app


def needs_of(answer: httpx.Response) -> dict[str, str]:
    """The parameters of an authorization request that the challenge asks for."""
    assert (answer.status_code, answer.json()["code"]) == (401, "insufficient_user_authentication")
    return dict(re.findall(r'(acr_values|max_age)="([^"]*)"', answer.headers["WWW-Authenticate"]))
