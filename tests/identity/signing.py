"""The keys of a running identity service."""

from tests.support.services import Identity


async def published_kids(identity: Identity) -> list[str]:
    """The kids in its JWKS, in order."""
    return [key["kid"] for key in (await identity.http.get("/.well-known/jwks.json")).json()["keys"]]


def signing_kid(identity: Identity) -> str:
    return identity.parts.keyring.signer().kid
