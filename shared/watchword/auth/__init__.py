"""Who is calling: access tokens verified locally, and guards that say what a route asks of its caller.

It verifies and never issues; it knows what a token says of its bearer and nothing else about them.
"""

from watchword.auth.errors import InsufficientScope, InvalidToken, KeysUnavailable, MissingToken, NotPermitted
from watchword.auth.guards import Guard, optional, public, requires, requires_permission, requires_role, signed_in
from watchword.auth.jwks import KeySource, RemoteKeys
from watchword.auth.principal import Principal
from watchword.auth.protect import UnguardedOperation, protect
from watchword.auth.verifier import Verifier

__all__ = [
    "Guard",
    "InsufficientScope",
    "InvalidToken",
    "KeySource",
    "KeysUnavailable",
    "MissingToken",
    "NotPermitted",
    "Principal",
    "RemoteKeys",
    "UnguardedOperation",
    "Verifier",
    "optional",
    "protect",
    "public",
    "requires",
    "requires_permission",
    "requires_role",
    "signed_in",
]
