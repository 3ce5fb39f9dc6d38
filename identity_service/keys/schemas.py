"""What verification keys look like in JSON."""

from typing import Literal

from pydantic import BaseModel, Field


class Jwk(BaseModel):
    """One public key (RFC 7518 section 6.3)."""

    kty: Literal["RSA"]
    use: Literal["sig"]
    alg: Literal["RS256"]
    kid: str = Field(
        description="The key's thumbprint (RFC 7638)", examples=["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]
    )
    n: str = Field(
        description="The modulus, in Base64url", examples=["0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4"]
    )
    e: str = Field(description="The exponent, in Base64url", examples=["AQAB"])


class JwkSet(BaseModel):
    """RFC 7517 section 5."""

    keys: list[Jwk]
