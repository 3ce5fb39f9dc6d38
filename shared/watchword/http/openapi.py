"""Problem documents in the OpenAPI document: their schemas, and the refusals of bodies and parameters."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from fastapi import FastAPI

from watchword.errors import BadRequest
from watchword.http._framework import Operation, operations
from watchword.http.responses import by_text, malformed, merge, refusals

Document = dict[str, Any]

_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_TEXT: Final = {"type": "string"}
_ANNOTATIONS: Final = frozenset({"title", "description", "examples", "default"})
_NULL: Final = {"type": "null"}

_MEMBERS: Final[dict[str, Any]] = {
    "type": _TEXT | {"format": "uri-reference"},
    "title": _TEXT | {"description": "The phrase of the status"},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": _TEXT | {"description": "For people"},
    "code": _TEXT | {"description": "Stable, for programs"},
    "request_id": {"type": ["string", "null"], "description": "Names the request in the log, if the service logs so"},
}
_FLAW: Final[dict[str, Any]] = {
    "title": "Flaw",
    "description": "One thing that is wrong with a request.",
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": _TEXT | {"description": "Where: a JSON Pointer (RFC 6901) that begins with the part of the request"},
        "code": _TEXT | {"description": "Stable, for programs"},
        "detail": _TEXT | {"description": "For people"},
    },
}
_PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "A refusal (RFC 9457).",
    "type": "object",
    "required": list(_MEMBERS),
    "properties": _MEMBERS,
}
_INVALID_REQUEST: Final[dict[str, Any]] = {
    "title": "InvalidRequest",
    "description": "A refusal of a request that is not valid, with everything that is wrong with it.",
    "type": "object",
    "required": [*_MEMBERS, "errors"],
    "properties": _MEMBERS | {"errors": {"type": "array", "items": {"$ref": "#/components/schemas/Flaw"}}},
}


def amend(app: FastAPI, change: Callable[[Document], None]) -> None:
    """Change the app's OpenAPI document, once, when it is made."""
    generate = app.openapi

    def openapi() -> Document:
        # FastAPI's own `openapi` keeps its result in `app.openapi_schema` and returns that object from then on, so the
        # change below is made once and is in every later answer.
        if app.openapi_schema:
            return app.openapi_schema
        document = generate()
        change(document)
        return document

    # FastAPI documents this assignment as the way to change the document; `/openapi.json` calls it.
    app.openapi = openapi  # type: ignore[method-assign]


def operations_in(document: Document) -> Iterator[Document]:
    """The description of every operation."""
    for item in document.get("paths", {}).values():
        yield from (item[method] for method in _METHODS if method in item)


def describe(app: FastAPI) -> None:
    """Describe problem documents, in the place of FastAPI's own error bodies."""
    amend(app, partial(_describe, app))


def descriptions(app: FastAPI, document: Document) -> Iterator[tuple[Operation, Document]]:
    """Every operation of the app that the document describes, with its description."""
    for operation in operations(app):
        item = document.get("paths", {}).get(operation.documented_path, {})
        if operation.is_api_route:
            yield from ((operation, item[method.lower()]) for method in operation.methods if method.lower() in item)


def _describe(app: FastAPI, document: Document) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {"Flaw": _FLAW, "InvalidRequest": _INVALID_REQUEST, "Problem": _PROBLEM}
    for operation, description in descriptions(app, document):
        for parameter in description.get("parameters", ()):
            parameter["schema"] = _without_null(parameter["schema"])
        _describe_malformed(operation, description)


def _without_null(schema: Document) -> Document:
    """The schema of a parameter as it can be sent: it may be absent, but a URL and a header field have no null."""
    if _NULL not in schema.get("anyOf", ()):
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    alternatives = [alternative for alternative in schema["anyOf"] if alternative != _NULL]
    return {**alternatives[0], **rest} if len(alternatives) == 1 else {"anyOf": alternatives, **rest}


def _describe_malformed(operation: Operation, description: Document) -> None:
    """Describe the refusals of parameters and of a body that FastAPI reads."""
    answers = description["responses"]
    reads_anything = "422" in answers
    if "application/json" in answers.get("422", {}).get("content", {}):
        # FastAPI's own description, which it gives to every operation that has a parameter or a body.
        del answers["422"]
    has_body = "application/json" in description.get("requestBody", {}).get("content", {})
    can_be_invalid = reads_anything and any(map(_can_be_invalid, description.get("parameters", ())))
    if has_body or can_be_invalid or operation.refuses_repetition:
        merge(answers, by_text(malformed(operation.malformed_status)))
    if has_body:
        merge(answers, by_text(refusals(BadRequest)))


def _can_be_invalid(parameter: Document) -> bool:
    can_be_missing = parameter.get("required", False) and parameter["in"] != "path"
    rules = {name: value for name, value in parameter["schema"].items() if name not in _ANNOTATIONS}
    return can_be_missing or rules != _TEXT
