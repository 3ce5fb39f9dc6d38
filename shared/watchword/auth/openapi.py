"""Guards and refusals in the OpenAPI document: what each operation requires, and the one form of every error."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

from fastapi import FastAPI

from watchword.auth.guards import Guard, guards_of
from watchword.http._framework import operations

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
    """Add guards and problem documents to the OpenAPI document. `token_url` is where Swagger UI asks for tokens."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        # FastAPI's own `openapi` keeps its result in `app.openapi_schema` and returns that object from then on, so the
        # changes below are made once and are in every later answer.
        if app.openapi_schema:
            return app.openapi_schema
        document = generate()
        _describe_schemes(document, token_url, _describe_operations(document, app))
        return document

    # FastAPI documents this assignment as the way to change the document; `/openapi.json` calls it.
    app.openapi = openapi  # type: ignore[method-assign]


def _describe_operations(document: dict[str, Any], app: FastAPI) -> set[str]:
    """Describe the guards and refusals of every operation. Returns the scopes that guards require."""
    scopes: set[str] = set()
    for operation in operations(app):
        item = document.get("paths", {}).get(operation.documented_path, {})
        for method in operation.methods:
            description = item.get(method.lower())
            if description is not None and operation.is_api_route:
                scopes |= _describe_guards(description, list(guards_of(operation)))
                _describe_refusals(description)
    return scopes


def _describe_schemes(document: dict[str, Any], token_url: str, scopes: set[str]) -> None:
    components = document.setdefault("components", {})
    flow = {"tokenUrl": token_url, "refreshUrl": token_url, "scopes": dict.fromkeys(sorted(scopes), "")}
    components.setdefault("securitySchemes", {})[SCHEME] = {"type": "oauth2", "flows": {"password": flow}}
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)


def _describe_guards(operation: dict[str, Any], guards: list[Guard]) -> set[str]:
    """Describe the guards of one operation. Returns the scopes that they require."""
    if not guards:
        operation["security"] = []
        return set()
    alternatives = _scopes_that_suffice(guards)
    scopes = {scope for alternative in alternatives for scope in alternative}
    requirement = [{SCHEME: sorted(alternative)} for alternative in alternatives]
    operation["security"] = [{}, *requirement] if all(guard.anonymous for guard in guards) else requirement
    if beyond := sorted({f"{kind} {name}" for guard in guards for kind, name in _beyond_scope(guard)}):
        operation["x-requires"] = beyond
    answers = operation.setdefault("responses", {})
    answers.setdefault("401", {"description": "No access token, or an invalid one"})
    if scopes or beyond:
        answers.setdefault("403", {"description": "A valid token that does not allow this"})
    return scopes


def _scopes_that_suffice(guards: list[Guard]) -> list[set[str]]:
    """Each set of scopes with which a token passes all guards."""
    needed = {scope for guard in guards for scope in guard.scopes}
    choices = product(*(guard.any_of for guard in guards if guard.any_of and needed.isdisjoint(guard.any_of)))
    return [needed.union(choice) for choice in choices]


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
