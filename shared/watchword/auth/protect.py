"""Puts an app under guard: a verifier for its guards, and a refusal to start if an operation has none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import isfunction
from typing import Any

from fastapi import FastAPI

from watchword.auth import openapi
from watchword.auth.background import running
from watchword.auth.guards import guards_of, is_public
from watchword.auth.identify import identify
from watchword.auth.openapi import ScopeTexts
from watchword.auth.verifier import Verifier
from watchword.http import problems
from watchword.http._framework import Operation, frontend_paths, operations


class UnguardedOperation(Exception):
    """An operation has neither a guard nor `@public`; the app must not start."""


def protect(app: FastAPI, verifier: Verifier, *, scopes: ScopeTexts | None = None) -> None:
    """Let this app's guards accept the tokens that `verifier` accepts.

    Refusals become problem documents, and the OpenAPI document says what each operation requires, with the texts of
    `scopes`. Keys and revocations are kept fresh while the app runs. An app with an operation that is neither guarded
    nor public does not start: UnguardedOperation names it.
    """
    # Every request carries its app, so a guard finds the verifier here. `identify` is passed in the same way
    # because problem documents, which call it, are a layer below the guards.
    app.state.verifier = verifier
    app.state.identify = identify
    problems.install(app)
    openapi.describe(app, f"{verifier.issuer}/oauth/token", scopes or ScopeTexts())
    _run_with(app, verifier)


def _run_with(app: FastAPI, verifier: Verifier) -> None:
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        ensure_guarded(app)
        # Revocations are inside the app's own lifespan because they may need its database: they start before the
        # first request and stop after the last.
        async with running(verifier.keys), inner(served) as state, running(verifier.revocations):
            yield state

    # Starlette takes the lifespan from the router when the server starts, so replacing it until then has an effect.
    app.router.lifespan_context = lifespan


def ensure_guarded(app: FastAPI) -> None:
    """Deny by default: raise UnguardedOperation, which names every operation that has no guard and is not public."""
    documentation = {app.openapi_url, app.docs_url, app.redoc_url, app.swagger_ui_oauth2_redirect_url} - {None}
    served = [it for it in operations(app) if not (it.path in documentation and _is_fastapis_own(it))]
    unguarded = [operation.name for operation in served if not _is_decided(operation)]
    unguarded += [f"GET/HEAD {path}" for path in frontend_paths(app)]
    if not served and not unguarded:
        raise UnguardedOperation("the app has no operation at all")
    if unguarded:
        raise UnguardedOperation(f"neither guarded nor public: {', '.join(unguarded)}")


def _is_fastapis_own(operation: Operation) -> bool:
    # An app may have operations of its own at the paths of the documentation, with other methods. An app mounted there
    # is no function, and bears the module of its class.
    return isfunction(operation.endpoint) and operation.endpoint.__module__ == FastAPI.__module__


def _is_decided(operation: Operation) -> bool:
    # A guard reads an HTTP request; on a WebSocket it would never run.
    return is_public(operation.endpoint) or (operation.is_api_route and any(True for _ in guards_of(operation)))
