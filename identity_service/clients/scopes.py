"""The scopes of OpenID Connect, which belong to this service itself (Core sections 5.4 and 11)."""

from typing import Final

OPENID: Final = "openid"
PROFILE: Final = "profile"
EMAIL: Final = "email"
OFFLINE_ACCESS: Final = "offline_access"
CLAIM_SCOPES: Final = frozenset({PROFILE, EMAIL})
"""The scopes that decide which claims about a person the UserInfo endpoint answers."""
