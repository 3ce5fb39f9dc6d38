"""Runs an operation's guards when FastAPI itself has not come to them: a request that is wrong in another way."""

from fastapi import Request

from watchword.auth.guards import guards_of
from watchword.errors import AppError
from watchword.http._framework import operations, path_of


async def identify(request: Request) -> AppError | None:
    """The refusal with which the guards of the matched operation answer this caller; None if they let it pass."""
    endpoint, path = request.scope.get("endpoint"), path_of(request.scope)
    for operation in operations(request.app):
        # One function can serve several routes, each with guards of its own.
        if operation.endpoint is endpoint and request.method in operation.methods and operation.matches(path):
            for guard in guards_of(operation):
                try:
                    await guard(request)
                except AppError as refusal:
                    return refusal
            return None
    return None
