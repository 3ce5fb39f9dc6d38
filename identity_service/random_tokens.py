"""Random tokens that this service gives out and recognizes by their digest: those of links and of sign-ons."""

import hashlib
import secrets


def make_token() -> str:
    """A token of 32 random bytes, in URL-safe base64."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """What is stored of a token. It cannot be guessed, so a fast hash without salt is enough."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
