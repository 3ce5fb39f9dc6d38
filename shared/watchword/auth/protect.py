"""Puts an app under guard: a verifier for its guards, and a refusal to start if an operation has none."""

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from inspect import isfunction
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from watchword.auth import openapi
from watchword.auth.background import take_unowned
from watchword.auth.connection_layer import ConnectionLayer
from watchword.auth.errors import NotStarted
from watchword.auth.guards import Guard, guards_of, is_public
from watchword.auth.identify import identify
from watchword.auth.open_connections import OpenConnections
from watchword.auth.openapi import ScopeTexts
from watchword.auth.verifier import Verifier
from watchword.http import hot, problem_responses, problems, sockets
from watchword.http._framework import Operation, frontend_paths, operations
from watchword.lines import Seldom

logger = logging.getLogger("watchword.configuration")


class UnguardedOperation(Exception):
    """An operation has neither a guard nor `@public`, or guards without a scope; the app must not start."""


def protect(app: FastAPI, verifier: Verifier, *, scopes: ScopeTexts | None = None) -> None:
    """Let this app's guards accept the tokens that `verifier` accepts.

    Refusals become problem documents, and the OpenAPI document says what each operation requires, with the texts of
    `scopes`. Keys and revocations are kept fresh while the app runs. Streaming answers and WebSockets that a guard has
    let pass end when their token is revoked or expires. An app with an operation that is neither guarded nor public, or
    that requires a role or a permission and no scope, does not start: UnguardedOperation names it.

    An app that is never started, since it is mounted under another one or served without its lifespan, answers 503: to
    every request if it has such an operation, else at every guard whose keys or revocations have to be started. So do,
    once the app that started first has stopped, the other apps of the process that share its keys or revocations.

    Raises RuntimeError for an app that is protected already.
    """
    if hasattr(app.state, "identify"):
        raise RuntimeError("this app is protected already, and has one verifier")
    # Every request carries its app, so a guard finds the verifier here. `identify` is passed in the same way
    # because problem documents, which call it, are a layer below the guards.
    app.state.verifier = verifier
    app.state.identify = identify
    problems.install(app)
    openapi.describe(app, verifier, scopes or ScopeTexts())
    hot.install(app)
    app.add_middleware(_guarded_layer, protected=app, connections=verifier.open_connections)
    _run_with(app, verifier)


def _guarded_layer(served: ASGIApp, protected: FastAPI, connections: OpenConnections) -> ASGIApp:
    """Add a layer that denies every request if the app has an operation that is not decided on; otherwise the one that
    ends open connections.

    Starlette calls this when it builds the layers of the app: when the app starts or, if it never starts, at its first
    request.
    """
    try:
        ensure_guarded(protected)
    except UnguardedOperation as error:
        return _DenyAll(served, f"every request to the app {protected.title!r} is answered 503: {error}")
    return ConnectionLayer(served, connections)


class _DenyAll:
    """Answers 503 to everything, and lets the server start the app, which fails with the same error."""

    def __init__(self, served: ASGIApp, reason: str) -> None:
        self._served = served
        self._reason = reason
        self._seldom = Seldom(logger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["type"]:
            case "lifespan":
                await self._served(scope, receive, send)
            case kind:
                self._seldom.log(logging.ERROR, "denied", self._reason)
                refusal = NotStarted(self._reason)
                answer = sockets.denial(scope, refusal) if kind == "websocket" else problem_responses.problem(refusal)
                await answer(scope, receive, send)


def _run_with(app: FastAPI, verifier: Verifier) -> None:
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        ensure_guarded(app)
        # Revocations are inside the app's own lifespan because they may need its database: they start before the
        # first request and stop after the last.
        async with verifier.keys_runner.run(), inner(served) as state, verifier.revocations_runner.run():
            # The app's own lifespan may have added operations.
            ensure_guarded(app)
            _warn_of_parts_that_nobody_started()
            yield state

    # Starlette takes the lifespan from the router when the server starts, so replacing it until then has an effect.
    app.router.lifespan_context = lifespan


def _warn_of_parts_that_nobody_started() -> None:
    for part in take_unowned():
        logger.error("%r was made and never started, so it has no effect; pass it to the verifier of an app", part)


def ensure_guarded(app: FastAPI) -> None:
    """Deny by default: raise UnguardedOperation, which names every operation that has no guard and is not public, or
    else every one whose guards require a role or a permission and no scope."""
    documentation = {app.openapi_url, app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url} - {None}
    served = [it for it in operations(app) if not (it.path in documentation and _is_fastapis_own(it))]
    unguarded = [operation.name for operation in served if not _is_decided(operation)]
    unguarded += [f"GET/HEAD {path}" for path in frontend_paths(app)]
    if not served and not unguarded:
        raise UnguardedOperation("the app has no operation at all")
    if unguarded:
        raise UnguardedOperation(f"neither guarded nor public: {', '.join(unguarded)}")
    _ensure_scopes(served)


def _ensure_scopes(served: Iterable[Operation]) -> None:
    if unscoped := [operation.name for operation in served if _lacks_scope(list(guards_of(operation)))]:
        raise UnguardedOperation(
            f'a role or a permission without a scope: {", ".join(unscoped)}; write `requires("a scope", role=…)`, or'
            " `any_scope=True` if every client may do this in the name of such a person"
        )


def _lacks_scope(guards: Sequence[Guard]) -> bool:
    needs_more = any((guard.role or guard.permission) and not guard.any_scope for guard in guards)
    return needs_more and not any(guard.needs_scope for guard in guards)


def _is_fastapis_own(operation: Operation) -> bool:
    # An app may have operations of its own at the paths of the documentation, with other methods. An app mounted there
    # is no function, and bears the module of its class.
    return isfunction(operation.endpoint) and operation.endpoint.__module__ == FastAPI.__module__


def _is_decided(operation: Operation) -> bool:
    # On other routes, such as a mount, no dependency runs.
    runs_guards = operation.is_api_route or operation.is_socket
    return is_public(operation.endpoint) or (runs_guards and any(True for _ in guards_of(operation)))
