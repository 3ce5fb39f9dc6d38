"""Access tokens, verified locally, and guards that say what an operation requires of its caller.

This package verifies tokens and never issues them. It knows about a caller what the token says, and nothing else.
"""

from watchword.auth.background import Background
from watchword.auth.errors import (
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidToken,
    KeysUnavailable,
    MissingToken,
    NotPermitted,
)
from watchword.auth.guards import Guard, optional, public, requires, signed_in
from watchword.auth.openapi import ScopeTexts
from watchword.auth.principal import Principal
from watchword.auth.protect import UnguardedOperation, protect
from watchword.auth.public_key import KeySource, PublicKey
from watchword.auth.remote_keys import RemoteKeys
from watchword.auth.revocations import Revocations, RevocationSource
from watchword.auth.verifier import Verifier

__all__ = [
    "Background",
    "Guard",
    "InsufficientScope",
    "InsufficientUserAuthentication",
    "InvalidToken",
    "KeySource",
    "KeysUnavailable",
    "MissingToken",
    "NotPermitted",
    "Principal",
    "PublicKey",
    "RemoteKeys",
    "RevocationSource",
    "Revocations",
    "ScopeTexts",
    "UnguardedOperation",
    "Verifier",
    "optional",
    "protect",
    "public",
    "requires",
    "signed_in",
]
