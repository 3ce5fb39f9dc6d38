"""The scopes that belong to this service itself: those of OpenID Connect (Core sections 5.4 and 11), and others."""

from enum import StrEnum
from typing import Final

from watchword.auth import ScopeTexts

OPENID: Final = "openid"
PROFILE: Final = "profile"
EMAIL: Final = "email"
OFFLINE_ACCESS: Final = "offline_access"
INTROSPECT: Final = "introspect"
"""The scope of services that ask whether a token for them is valid (RFC 7662)."""

CLAIM_SCOPES: Final = frozenset({PROFILE, EMAIL})
"""The scopes that decide which claims about a person the UserInfo endpoint answers."""


class Scope(StrEnum):
    ACCOUNT = "account"
    ADMIN = "admin"
    OPENID = OPENID
    SSF_MANAGE = "ssf.manage"
    SSF_READ = "ssf.read"


SCOPE_TEXTS: Final = ScopeTexts(
    people={
        Scope.ACCOUNT: "See and change your account, and see and end your sessions",
        Scope.ADMIN: "Administer accounts, roles, clients, services and keys, if you are an administrator",
        Scope.OPENID: "Know that it is you",
    },
    services={
        Scope.SSF_MANAGE: "Create, change and delete your streams of security events",
        Scope.SSF_READ: "See your streams of security events, and receive the events",
    },
)
