"""Runs the guards of the operation that a request was matched to, outside FastAPI's own order."""

from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette._utils import get_route_path

from watchword.auth.guards import guards_of
from watchword.errors import AppError


async def identify(request: Request) -> AppError | None:
    """The refusal that the operation's guards have for this caller, or None where they let it pass."""
    endpoint, path = request.scope.get("endpoint"), get_route_path(request.scope)
    for context in iter_route_contexts(request.app.routes):
        pattern = getattr(context, "path_regex", None)
        if context.endpoint is not endpoint or request.method not in (context.methods or ()):
            continue
        if pattern is None or not pattern.match(path):
            continue
        for guard in guards_of(getattr(context, "dependant", None)):
            try:
                await guard(request)
            except AppError as refusal:
                return refusal
        return None
    return None
