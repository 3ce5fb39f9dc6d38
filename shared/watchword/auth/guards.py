"""Guards: what an operation requires of its caller, as the type of a parameter or as a dependency of a route or router.

@app.get("/notes")
async def read_notes(reader: Annotated[Principal, Depends(requires("notes:read"))]) -> …: ...

They guard WebSockets in the same way. A WebSocket or a streaming answer that has passed one ends with its caller's
token: `open_connections` says when, `connection_layer` how.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from typing import Any, ClassVar, Final, TypeVar

from fastapi import HTTPException
from starlette.requests import HTTPConnection

from watchword.arguments import ensure_count, ensure_seconds, ensure_text
from watchword.auth.assurance import at_least
from watchword.auth.connection_layer import note_caller
from watchword.auth.credentials import bearer_token
from watchword.auth.errors import (
    InsufficientScope,
    InsufficientUserAuthentication,
    MissingToken,
    NotPermitted,
    NotStarted,
)
from watchword.auth.principal import Principal
from watchword.auth.scopes import scope_tokens
from watchword.auth.verifier import Verifier
from watchword.errors import AppError
from watchword.http._framework import Operation
from watchword.lines import Seldom

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

logger = logging.getLogger("watchword.configuration")

_seldom: Final = Seldom(logger)
_UNPROTECTED: Final = """every guarded request to the app %r is answered 503, because `protect` was never called for \
it: an app that is mounted under another one needs a call of its own"""
_PUBLIC: Final = "__watchword_public__"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """A FastAPI dependency that gives the verified caller, or raises. `requires` and its siblings make the usual ones.

    The arguments are those of `requires`; with `anonymous` a caller without a token passes as None. A subclass may
    require more of the caller by overriding `ensure`; `further_refusals` are the errors that this raises, for the
    OpenAPI document.
    """

    further_refusals: ClassVar[tuple[type[AppError], ...]] = ()

    def __init__(
        self,
        *scopes: str,
        any_of: Collection[str] = (),
        permission: str | None = None,
        role: str | None = None,
        any_scope: bool = False,
        fresh: float | None = None,
        acr: str | None = None,
        max_age: int | None = None,
        anonymous: bool = False,
    ) -> None:
        for name, value in (("permission", permission), ("role", role)):
            if value is not None:
                ensure_text(name, value, f"the name of a {name}")
        self.scopes = scope_tokens(scopes)
        self.any_of = scope_tokens(any_of)
        self.permission = permission
        self.role = role
        self.any_scope = any_scope
        self.fresh = None if fresh is None else ensure_seconds("fresh", fresh)
        self.acr = acr
        self.max_age = None if max_age is None else ensure_count("max_age", max_age, least=1)
        self.anonymous = anonymous
        if acr is not None:
            at_least(acr)

    async def __call__(self, request: HTTPConnection) -> Principal | None:
        verifier = _verifier_of(request)
        verifier.ensure_running()
        token = bearer_token(request)
        if token is None:
            if self.anonymous:
                return None
            raise MissingToken("no token")
        # A WebSocket has no method, and may carry anything.
        principal = await verifier.verify(token, is_write=request.scope.get("method") not in _SAFE_METHODS)
        if getattr(self.ensure, "__func__", None) is _ENSURE:
            # Awaiting `ensure` would cost more than its checks do.
            self._ensure_allowed(principal)
        else:
            await self.ensure(request, principal)
        # Read at each call, as the others are: a subclass may set them later than `__init__` of this class.
        if self.fresh is not None or self.acr is not None or self.max_age is not None:
            self._ensure_fresh_and_authenticated(verifier, principal)
        note_caller(request.scope, verifier.open_connections, (principal, self.acr))
        return principal

    async def ensure(self, request: HTTPConnection, principal: Principal) -> None:
        """Raise Forbidden unless this caller may pass. `request` is a Request or a WebSocket."""
        self._ensure_allowed(principal)

    def _ensure_allowed(self, principal: Principal) -> None:
        """Raise Forbidden unless this caller has what the arguments of the guard require."""
        if not principal.scopes.issuperset(self.scopes) or (self.any_of and principal.scopes.isdisjoint(self.any_of)):
            raise InsufficientScope(*self.scopes, any_of=self.any_of)
        if self.role is not None and self.role not in principal.roles:
            raise NotPermitted(f"lacks role {self.role}")
        if self.permission is not None and self.permission not in principal.permissions:
            raise NotPermitted(f"lacks permission {self.permission}")

    def _ensure_fresh_and_authenticated(self, verifier: Verifier, principal: Principal) -> None:
        """Raise NotFresh or InsufficientUserAuthentication if the issuer has been silent for too long, or the caller's
        sign-in is too weak or too long ago. After all else, since nobody should sign in again only to be forbidden."""
        if self.fresh is not None:
            verifier.ensure_fresh(self.fresh)
        if self.acr is not None and (level := verifier.level_of(principal)) not in at_least(self.acr):
            lowered = "" if level == principal.acr else f", to which {principal.acr} was lowered,"
            raise InsufficientUserAuthentication(
                f"acr {level!r}{lowered} is not {self.acr} or stronger", acr=self.acr, max_age=self.max_age
            )
        if self.max_age is not None and not verifier.was_authenticated_within(self.max_age, principal):
            raise InsufficientUserAuthentication(
                f"authenticated at {principal.authenticated_at}, and not within {self.max_age} s",
                acr=self.acr,
                max_age=self.max_age,
            )

    @property
    def needs_authentication(self) -> bool:
        """Whether only tokens of a strong or a recent sign-in pass."""
        return self.acr is not None or self.max_age is not None

    @property
    def needs_scope(self) -> bool:
        """Whether only tokens with a certain scope pass."""
        return bool(self.scopes or self.any_of)


# The method as it is written here. If a subclass, this class or one guard has got another one, that one is called.
_ENSURE: Final = Guard.ensure


def requires(
    *scopes: str,
    any_of: Collection[str] = (),
    permission: str | None = None,
    role: str | None = None,
    any_scope: bool = False,
    fresh: float | None = None,
    acr: str | None = None,
    max_age: int | None = None,
) -> Guard:
    """A guard for callers whose token carries all of `scopes`, one of `any_of`, this permission and this role.

    Roles and permissions say what a person may do, and scopes what a client may do in their name. An operation that
    names a role or a permission and no scope would be open to every client of an administrator, so it keeps the app
    from starting, unless `any_scope` says that this is meant.

    With `fresh=2` the answer is 503 unless this process has heard the issuer within two seconds. Use it for operations
    that must be refused at once after a sign-out. A receiver hears a Watchword issuer once a second.

    With `acr="mfa"` the caller must have signed in at least so strongly (`pwd`, `mfa`, or `phr`: resistant to
    phishing), and with `max_age=300` within so many seconds and the verifier's leeway. Otherwise, and for a token that
    does not say it, the answer is 401 with the challenge of RFC 9470: the client lets the person sign in again. When
    a factor of the account is removed, older tokens count as weaker, and streams and WebSockets that are too weak then
    end. Their `fresh` and `max_age` are checked when they open, and not again.
    """
    if any_scope and (scopes or any_of):
        raise TypeError("any_scope means that no scope is required, but this guard requires one")
    guard = Guard(
        *scopes,
        any_of=any_of,
        permission=permission,
        role=role,
        any_scope=any_scope,
        fresh=fresh,
        acr=acr,
        max_age=max_age,
    )
    if not (guard.needs_scope or guard.needs_authentication or permission is not None or role is not None):
        raise TypeError("requires() needs a scope, a permission or a role; write `signed_in` for any valid token")
    return guard


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


def _verifier_of(request: HTTPConnection) -> Verifier:
    """The verifier that `protect` gave the app: a guard is made before its app is, and finds the app by the request."""
    app = request.app
    try:
        # Reading the attribute `state.verifier` would take ten times as long.
        verifier: Verifier = app.state["verifier"]
    except KeyError:
        _seldom.log(logging.ERROR, "unprotected", _UNPROTECTED, app.title)
        # Only an app that `protect` was called for can answer an AppError; every app can answer an HTTPException.
        raise HTTPException(503, NotStarted.detail) from NotStarted("the app is not protected")
    return verifier
