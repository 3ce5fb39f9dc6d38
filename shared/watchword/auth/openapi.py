"""Guards in the OpenAPI document: what each operation requires of its caller, and how the guards refuse."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, product
from typing import Final

from fastapi import FastAPI

from watchword.auth.errors import (
    AmbiguousCredentials,
    InsufficientScope,
    InsufficientUserAuthentication,
    InvalidToken,
    KeysUnavailable,
    MissingToken,
    NotFresh,
    NotPermitted,
    NotStarted,
)
from watchword.auth.guards import Guard, guards_of
from watchword.auth.revocations import RefusingSource
from watchword.auth.verifier import Verifier
from watchword.errors import AppError
from watchword.http.openapi import Document, amend, descriptions
from watchword.http.responses import by_text, merge, refusals

SCHEME: Final = "watchword"


@dataclass(frozen=True, slots=True)
class ScopeTexts:
    """What the scopes of a service allow, each in a sentence: those that people sign in for, and those that only a
    service gets on its own behalf."""

    people: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)


def describe(app: FastAPI, verifier: Verifier, texts: ScopeTexts) -> None:
    """Add the guards to the OpenAPI document, and how a client gets their tokens from the issuer."""

    def change(document: Document) -> None:
        scopes = _describe_operations(document, app, verifier)
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes[SCHEME] = {"type": "oauth2", "flows": _flows(verifier.issuer, scopes, texts)}

    amend(app, change)


def _describe_operations(document: Document, app: FastAPI, verifier: Verifier) -> set[str]:
    """Describe the guards of every operation. Returns the scopes that they require."""
    scopes: set[str] = set()
    source: object = verifier.revocations
    of_source = source.further_refusals if isinstance(source, RefusingSource) else ()
    for operation, description in descriptions(app, document):
        guards = list(guards_of(operation))
        scopes |= _describe_guards(description, guards)
        if guards:
            merge(description["responses"], by_text(refusals(*of_source)))
    return scopes


def _flows(issuer: str, scopes: set[str], texts: ScopeTexts) -> Document:
    people = {scope: texts.people.get(scope, "") for scope in sorted(scopes - texts.services.keys())}
    services = {scope: text for scope, text in sorted(texts.services.items()) if scope in scopes}
    token_url = f"{issuer}/oauth/token"
    # Not the password grant, even if the issuer offers it: it is for programs of the issuer's own team.
    by_redirect = {"authorizationUrl": f"{issuer}/oauth/authorize", "tokenUrl": token_url, "refreshUrl": token_url}
    flows = {"authorizationCode": {**by_redirect, "scopes": people}}
    if services:
        flows["clientCredentials"] = {"tokenUrl": token_url, "scopes": services}
    return flows


def _describe_guards(operation: Document, guards: Sequence[Guard]) -> set[str]:
    """Describe the guards of one operation. Returns the scopes that they require."""
    if not guards:
        # A public operation can name credentials of another kind.
        operation.setdefault("security", [])
        return set()
    alternatives = _scopes_that_suffice(guards)
    scopes = {scope for alternative in alternatives for scope in alternative}
    requirement = [{SCHEME: sorted(alternative)} for alternative in alternatives]
    operation["security"] = [{}, *requirement] if all(guard.anonymous for guard in guards) else requirement
    needs = [*chain.from_iterable((*_beyond_scope(guard), *_authentication(guard)) for guard in guards)]
    if beyond := sorted({f"{kind} {name}" for kind, name in needs}):
        operation["x-requires"] = beyond
    errors = dict.fromkeys(error for guard in guards for error in _refusals_of(guard))
    merge(operation["responses"], by_text(refusals(*errors)))
    return scopes


def _scopes_that_suffice(guards: Sequence[Guard]) -> list[set[str]]:
    """Each set of scopes with which a token passes all guards."""
    needed = {scope for guard in guards for scope in guard.scopes}
    choices = product(*(guard.any_of for guard in guards if guard.any_of and needed.isdisjoint(guard.any_of)))
    return [needed.union(choice) for choice in choices]


def _refusals_of(guard: Guard) -> Iterator[type[AppError]]:
    yield from (AmbiguousCredentials, InvalidToken, KeysUnavailable, NotStarted)
    if not guard.anonymous:
        yield MissingToken
    if guard.fresh is not None:
        yield NotFresh
    if guard.needs_scope:
        yield InsufficientScope
    if any(_beyond_scope(guard)):
        yield NotPermitted
    if guard.needs_authentication:
        yield InsufficientUserAuthentication
    yield from guard.further_refusals


def _beyond_scope(guard: Guard) -> Iterator[tuple[str, str]]:
    if guard.role:
        yield "role", guard.role
    if guard.permission:
        yield "permission", guard.permission


def _authentication(guard: Guard) -> Iterator[tuple[str, str]]:
    if guard.acr:
        yield "acr", guard.acr
    if guard.max_age:
        yield "max_age", str(guard.max_age)
