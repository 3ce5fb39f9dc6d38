"""Puts guards to an app: a verifier for them to ask, and a refusal to start where an operation has none."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from watchword.auth import openapi
from watchword.auth.guards import Guard, guards_of, is_public
from watchword.auth.identify import identify
from watchword.auth.verifier import Verifier
from watchword.http import problems


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
    openapi.describe(app, f"{verifier.issuer}/oauth/token")
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        ensure_guarded(app)
        await verifier.keys.start()
        try:
            async with inner(running) as state, _authority(verifier):
                yield state
        finally:
            await verifier.keys.stop()

    app.router.lifespan_context = lifespan


@asynccontextmanager
async def _authority(verifier: Verifier) -> AsyncIterator[None]:
    """Inside the app's own life, whose database it needs: started before the first request, ended after the last."""
    if verifier.authority is None:
        yield
        return
    try:
        await verifier.authority.start()
        yield
    finally:
        await verifier.authority.stop()


def ensure_guarded(app: FastAPI) -> None:
    """Deny by default: raises UnguardedOperation with the name of every operation that nobody has decided on."""
    own = {app.openapi_url, app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url} - {None}
    contexts = [context for context in iter_route_contexts(app.routes) if context.path not in own]
    open_ones = [_name(context) for context in contexts if not _is_decided(context)] + list(_frontends(app))
    if not contexts and not open_ones:
        raise UnguardedOperation("the app has no operation at all")
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
    # A Host has no path.
    return f"{'/'.join(sorted(context.methods or ['*']))} {context.path or getattr(context, 'host', '')}"


def _frontends(app: FastAPI) -> Iterator[str]:
    """Files served by `frontend()`, which FastAPI keeps apart from its routes; a public Mount serves files too."""
    for found in app.router._iter_low_priority_routes():
        group: Any = getattr(found, "original_route", found)
        yield from (f"GET/HEAD {getattr(found, 'frontend_prefix', '')}{route.path}" for route in group.routes)
