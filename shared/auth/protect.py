"""Puts guards to an app: a verifier for them to ask, and a refusal to start where an operation has none."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from shared import problems
from shared.auth.guards import Guard, guards_of, is_public
from shared.auth.identify import identify
from shared.auth.verifier import Verifier

SCHEME = "postern"


class UnguardedOperation(Exception):
    """An operation has neither a guard nor `@public`; the app must not start."""


def protect(app: FastAPI, verifier: Verifier) -> None:
    """Make this app obey the tokens that `verifier` accepts.

    Guards work from here on; refusals become problem documents; keys are kept fresh while the app runs; the OpenAPI
    document says what each operation asks. An app with an operation that is neither guarded nor public does not
    start: UnguardedOperation names it.
    """
    app.state.verifier = verifier
    app.state.identify = identify
    problems.install(app)
    _describe(app, verifier)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        ensure_guarded(app)
        await verifier.keys.start()
        try:
            async with inner(running) as state:
                yield state
        finally:
            await verifier.keys.stop()

    app.router.lifespan_context = lifespan


def ensure_guarded(app: FastAPI) -> None:
    """Deny by default: raises UnguardedOperation with the name of every operation that nobody has decided on."""
    own = {app.openapi_url, app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url}
    contexts = [context for context in iter_route_contexts(app.routes) if context.path not in own]
    if not contexts:
        raise UnguardedOperation("the app has no operation at all")
    open_ones = [_name(context) for context in contexts if not _is_decided(context)]
    if open_ones:
        raise UnguardedOperation(f"neither guarded nor public: {', '.join(open_ones)}")


def _is_decided(context: RouteContext) -> bool:
    if is_public(context.endpoint) or is_public(getattr(context, "app", None)):
        return True
    # A guard reads an HTTP request; on a WebSocket it would never run.
    return isinstance(context.original_route, APIRoute) and next(_guards(context), None) is not None


def _guards(context: RouteContext) -> Iterator[Guard]:
    return guards_of(getattr(context, "dependant", None))


def _name(context: RouteContext) -> str:
    return f"{'/'.join(sorted(context.methods or ['*']))} {context.path}"


def _describe(app: FastAPI, verifier: Verifier) -> None:
    """Have the OpenAPI document say what each operation asks, and where Swagger's Authorize signs in."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        document = generate()
        scopes: dict[str, str] = {}
        for context in iter_route_contexts(app.routes):
            for method in context.methods or ():
                operation = document.get("paths", {}).get(context.path_format, {}).get(method.lower())
                if operation is not None and isinstance(context.original_route, APIRoute):
                    _describe_operation(operation, list(_guards(context)), scopes)
        flow = {"tokenUrl": f"{verifier.issuer}/oauth/token", "refreshUrl": f"{verifier.issuer}/oauth/token"}
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes[SCHEME] = {"type": "oauth2", "flows": {"password": {**flow, "scopes": scopes}}}
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _describe_operation(operation: dict[str, Any], guards: list[Guard], scopes: dict[str, str]) -> None:
    asked = {guard.scope for guard in guards if guard.scope}
    scopes.update(dict.fromkeys(asked, ""))
    if not guards:
        operation["security"] = []
        return
    requirement: list[dict[str, list[str]]] = [{SCHEME: sorted(asked)}]
    operation["security"] = [{}, *requirement] if all(guard.anonymous for guard in guards) else requirement
    if beyond := sorted({f"{kind} {name}" for guard in guards for kind, name in _beyond_scope(guard)}):
        operation["x-requires"] = beyond
    answers = operation.setdefault("responses", {})
    answers.setdefault("401", {"description": "No access token, or not a good one"})
    if asked or beyond:
        answers.setdefault("403", {"description": "A good token, but not for this"})


def _beyond_scope(guard: Guard) -> Iterator[tuple[str, str]]:
    if guard.role:
        yield "role", guard.role
    if guard.permission:
        yield "permission", guard.permission
