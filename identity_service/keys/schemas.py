"""What verification keys look like in JSON."""

from typing import Literal

from pydantic import BaseModel


class Jwk(BaseModel):
    """One public key (RFC 7518 section 6.3)."""

    kty: Literal["RSA"]
    use: Literal["sig"]
    alg: Literal["RS256"]
    kid: str
    n: str
    e: str


class JwkSet(BaseModel):
    """RFC 7517 section 5."""

    keys: list[Jwk]
