"""What the OpenAPI document says of guards and refusals: what each operation asks, and the one form of every error."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from watchword.auth.guards import Guard, guards_of

SCHEME: Final = "watchword"

_TEXT: Final = {"type": "string"}
_PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT | {"description": "Stable, for programs"},
        "request_id": _TEXT,
        "errors": {
            "type": "array",
            "description": "With 422: what is wrong, and where",
            "items": {"type": "object", "properties": {"pointer": _TEXT, "code": _TEXT, "detail": _TEXT}},
        },
    },
}
_CONTENT: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def describe(app: FastAPI, token_url: str) -> None:
    """Have the document of this app say it. `token_url` is where Swagger's Authorize signs in."""
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
                    _describe_guards(operation, list(guards_of(getattr(context, "dependant", None))), scopes)
                    _describe_refusals(operation)
        components = document.setdefault("components", {})
        flow = {"tokenUrl": token_url, "refreshUrl": token_url, "scopes": scopes}
        components.setdefault("securitySchemes", {})[SCHEME] = {"type": "oauth2", "flows": {"password": flow}}
        schemas = components.setdefault("schemas", {})
        schemas["Problem"] = _PROBLEM
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _describe_guards(operation: dict[str, Any], guards: list[Guard], scopes: dict[str, str]) -> None:
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


def _describe_refusals(operation: dict[str, Any]) -> None:
    for status, answer in operation.get("responses", {}).items():
        if status == "422":
            answer["content"] = _CONTENT
        elif status.startswith(("4", "5")):
            answer.setdefault("content", _CONTENT)


def _beyond_scope(guard: Guard) -> Iterator[tuple[str, str]]:
    if guard.role:
        yield "role", guard.role
    if guard.permission:
        yield "permission", guard.permission
