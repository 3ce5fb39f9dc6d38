"""Guards: what a route asks of its caller. A parameter's type, a decorator's dependency or a router's."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from fastapi import Request
from fastapi.dependencies.models import Dependant

from watchword.auth.errors import AmbiguousCredentials, InsufficientScope, InvalidToken, MissingToken, NotPermitted
from watchword.auth.principal import Principal
from watchword.auth.verifier import Verifier

Marked = TypeVar("Marked", bound=Callable[..., Any])

_PUBLIC: Final = "__watchword_public__"


class Guard:
    """Lets a caller pass, or raises. Instances are FastAPI dependencies; compare `requires` and its kin.

    A subclass may ask more of the caller by overriding `ensure`.
    """

    def __init__(
        self,
        *,
        scope: str | None = None,
        permission: str | None = None,
        role: str | None = None,
        anonymous: bool = False,
    ) -> None:
        self.scope = scope
        self.permission = permission
        self.role = role
        self.anonymous = anonymous

    async def __call__(self, request: Request) -> Principal | None:
        token = bearer_token(request)
        if token is None:
            if self.anonymous:
                return None
            raise MissingToken("no token")
        verifier: Verifier = request.app.state.verifier
        principal = verifier.recall(token) or await verifier.verify(token)
        if verifier.authority is not None:
            verifier.authority.ensure_in_contact(request.method not in ("GET", "HEAD", "OPTIONS"))
        await self.ensure(request, principal)
        return principal

    async def ensure(self, request: Request, principal: Principal) -> None:
        """Raise unless this caller may pass."""
        if self.scope is not None and self.scope not in principal.scopes:
            raise InsufficientScope(self.scope)
        if self.role is not None and self.role not in principal.roles:
            raise NotPermitted(f"lacks role {self.role}")
        if self.permission is not None and self.permission not in principal.permissions:
            raise NotPermitted(f"lacks permission {self.permission}")


def requires(scope: str) -> Guard:
    """A caller whose token carries this scope."""
    return Guard(scope=scope)


def requires_permission(permission: str) -> Guard:
    """A caller one of whose roles carries this permission."""
    return Guard(permission=permission)


def requires_role(role: str) -> Guard:
    """A caller who has this role."""
    return Guard(role=role)


signed_in: Final = Guard()
"""Any caller with a good token."""

optional: Final = Guard(anonymous=True)
"""A caller, or None without a token. A bad token is refused: nobody is made anonymous by a mistake."""


def public(endpoint: Marked) -> Marked:
    """Declare that everybody may call this: `@router.get(…)` above, `@public` below it."""
    setattr(endpoint, _PUBLIC, True)
    return endpoint


def is_public(endpoint: object) -> bool:
    return getattr(endpoint, _PUBLIC, False) is True


def guards_of(dependant: Dependant | None) -> Iterator[Guard]:
    """Every guard in a dependency tree, in the order in which FastAPI runs them."""
    for child in dependant.dependencies if dependant is not None else ():
        yield from guards_of(child)
        if isinstance(child.call, Guard):
            yield child.call


def bearer_token(request: Request) -> str | None:
    """The token of the one Authorization header (RFC 6750 section 2.1); None where there is no such header."""
    found: bytes | None = None
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            if found is not None:
                raise AmbiguousCredentials("two Authorization headers")
            found = value
    if found is None:
        return None
    scheme, _, token = found.partition(b" ")
    if scheme.lower() != b"bearer":
        raise InvalidToken("another scheme than Bearer")
    return token.strip(b" ").decode("latin-1")
