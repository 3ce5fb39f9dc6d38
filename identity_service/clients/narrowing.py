"""Narrowing: a token request may ask for fewer scopes and audiences than are allowed, never for more."""

from collections.abc import Sequence

from identity_service.errors import AudienceNotAllowed, ScopeNotAllowed


def scopes_within(requested: str | None, allowed: Sequence[str]) -> list[str]:
    """The requested scopes, which are separated by blanks, or all allowed ones if the parameter is absent.

    Raises ScopeNotAllowed (RFC 6749 section 3.3).
    """
    if requested is None:
        return list(allowed)
    scopes = sorted(set(requested.split(" ")) - {""})
    if not scopes or not set(scopes) <= set(allowed):
        raise ScopeNotAllowed("none, or more than allowed")
    return scopes


def audiences_within(requested: Sequence[str], allowed: Sequence[str]) -> list[str]:
    """The audiences requested by `resource`, or all allowed ones if there are none. Raises AudienceNotAllowed
    (RFC 8707 section 2)."""
    if not set(requested) <= set(allowed):
        raise AudienceNotAllowed("more than allowed")
    return sorted(set(requested)) or list(allowed)
