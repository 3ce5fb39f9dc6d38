"""The values that the use case of authorization codes takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from identity_service.clients.narrowing import TokenRequest
from identity_service.devices import Device


@dataclass(frozen=True, slots=True, repr=False)
class Allowance:
    """What a person allows a client, and what the client must present with the code: the same redirect URI, and the
    verifier of the challenge."""

    client_id: str
    redirect_uri: str
    code_challenge: str
    scopes: Sequence[str]
    names_scopes: bool
    audiences: Sequence[str]
    nonce: str | None


@dataclass(frozen=True, slots=True, repr=False)
class PresentedCode:
    """A code, what proves that the client may trade it in, and what the client requests with it."""

    code: str
    redirect_uri: str
    verifier: str
    request: TokenRequest
    device: Device
