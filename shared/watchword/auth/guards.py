"""Guards: what an operation requires of its caller, as the type of a parameter or as a dependency of a route or router.

@app.get("/notes")
async def read_notes(reader: Annotated[Principal, Depends(requires("notes:read"))]) -> …: ...
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final, TypeVar

from fastapi import Request

from watchword.auth.errors import AmbiguousCredentials, InsufficientScope, InvalidToken, MissingToken, NotPermitted
from watchword.auth.principal import Principal
from watchword.auth.verifier import Verifier
from watchword.errors import AppError
from watchword.http._framework import Operation

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_PUBLIC: Final = "__watchword_public__"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """A FastAPI dependency that gives the verified caller, or raises. `requires` and its siblings make the usual ones.

    A subclass may require more of the caller by overriding `ensure`; `further_refusals` are the errors that this
    raises, for the OpenAPI document.
    """

    further_refusals: ClassVar[tuple[type[AppError], ...]] = ()

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
        # `protect` has put it there: a guard is made before its app is, and finds the app by the request.
        verifier: Verifier = request.app.state.verifier
        principal = await verifier.verify(token, is_write=request.method not in _SAFE_METHODS)
        await self.ensure(request, principal)
        return principal

    async def ensure(self, request: Request, principal: Principal) -> None:
        """Raise Forbidden unless this caller may pass."""
        if self.scope is not None and self.scope not in principal.scopes:
            raise InsufficientScope(self.scope)
        if self.role is not None and self.role not in principal.roles:
            raise NotPermitted(f"lacks role {self.role}")
        if self.permission is not None and self.permission not in principal.permissions:
            raise NotPermitted(f"lacks permission {self.permission}")


def requires(scope: str) -> Guard:
    """A guard for callers whose token carries this scope."""
    return Guard(scope=scope)


def requires_permission(permission: str) -> Guard:
    """A guard for callers who have a role with this permission."""
    return Guard(permission=permission)


def requires_role(role: str) -> Guard:
    """A guard for callers who have this role."""
    return Guard(role=role)


signed_in: Final = Guard()
"""A guard for every caller with a valid token."""

optional: Final = Guard(anonymous=True)
"""A guard that gives None if there is no token. An invalid token is refused, not taken for an absent one."""


def public(endpoint: Endpoint) -> Endpoint:
    """Declare that everybody may call this: `@router.get(…)` above, `@public` below it."""
    setattr(endpoint, _PUBLIC, True)
    return endpoint


def is_public(endpoint: object) -> bool:
    return getattr(endpoint, _PUBLIC, False) is True


def guards_of(operation: Operation) -> Iterator[Guard]:
    """Every guard of an operation and of the routers around it, in the order in which FastAPI calls them."""
    return (call for call in operation.dependencies() if isinstance(call, Guard))


def bearer_token(request: Request) -> str | None:
    """The token of the one Authorization header (RFC 6750 section 2.1), or None if there is no such header."""
    credentials: bytes | None = None
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            if credentials is not None:
                raise AmbiguousCredentials("two Authorization headers")
            credentials = value
    if credentials is None:
        return None
    scheme, _, token = credentials.partition(b" ")
    if scheme.lower() != b"bearer":
        raise InvalidToken("another scheme than Bearer")
    return token.strip(b" ").decode("latin-1")
