"""What an operation can answer, for its OpenAPI description, derived from the errors that it can raise."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from watchword.errors import AppError, BadRequest, Invalid
from watchword.http.problem_documents import MEDIA_TYPE, STATUS, body_of, body_with_flaws, status_of

Responses = dict[int | str, dict[str, Any]]
"""What FastAPI takes as `responses=` of a route."""

_TEXT: Final = {"type": "string"}
_SECONDS: Final = {"type": "integer", "minimum": 0}
_REQUEST_ID: Final = "0199a3c1e5f04d6b"

HEADER_FIELDS: Final[Mapping[str, dict[str, Any]]] = {
    "ETag": {"description": "The version of what is answered (RFC 9110 section 8.8.3)", "schema": _TEXT},
    "Link": {"description": 'The next page, with `rel="next"` (RFC 8288); absent on the last', "schema": _TEXT},
    "Location": {"description": "The path of what was made", "schema": _TEXT},
    "Preference-Applied": {"description": "The preference that was honoured (RFC 7240 section 3)", "schema": _TEXT},
    "RateLimit": {"description": "The limit that was met, what is left of it, and seconds (a draft)", "schema": _TEXT},
    "RateLimit-Policy": {"description": "That limit: its name, its quota and its window in seconds", "schema": _TEXT},
    "Retry-After": {"description": "Seconds after which the same request may succeed", "schema": _SECONDS},
    "WWW-Authenticate": {"description": "The challenge (RFC 9110 section 11.6.1)", "schema": _TEXT},
}
"""Every header field that an operation can have in its description."""


def _condition(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": _TEXT, "description": description}


READ_CONDITIONS: Final = {
    "parameters": [
        _condition("If-Match", "Answer only with this version (its `ETag`)"),
        _condition("If-None-Match", "Answer only if there is another version than this one (its `ETag`)"),
    ]
}
"""The preconditions of a read, for `openapi_extra` of a route that reads the header fields itself."""


def refusals(*errors: type[AppError]) -> Responses:
    """The `responses=` of a route that can raise these errors.

    What its guards, its parameters and its body are refused for is described without being named here.
    """
    responses: Responses = {}
    for error in errors:
        example = error.example()
        merge(responses, {status_of(example): _describe(example, body_of(example))})
    return responses


def malformed(status: int) -> Responses:
    """The refusal of a request whose parameters or body are not as described: 422, or 400 where a protocol wants it."""
    kind = Invalid if status == STATUS[Invalid] else BadRequest
    flaw = {"pointer": "/body", "code": "missing", "detail": "Field required"}
    return {status: _describe(kind.example(), body_with_flaws(kind, [flaw]))}


def answer(status: int, *header_fields: str, description: str = "") -> Responses:
    """The part of a route's `responses=` that says which header fields an answer with this status has."""
    response: dict[str, Any] = {"headers": _headers(header_fields)}
    return {status: response | ({"description": description} if description else {})}


def unchanged(*header_fields: str) -> Responses:
    """The answer to a request whose If-None-Match names what the caller would get."""
    return answer(304, *header_fields, description="Unchanged since the version that `If-None-Match` names")


def merge(responses: dict[Any, dict[str, Any]], more: Mapping[Any, dict[str, Any]]) -> None:
    """Add to `responses` what `more` says: further examples, header fields and lines of description of a status."""
    for status, added in more.items():
        response = responses.setdefault(status, {"description": ""})
        lines = dict.fromkeys((*response["description"].splitlines(), *added["description"].splitlines()))
        response["description"] = "\n".join(lines)
        response["headers"] = {**added.get("headers", {}), **response.get("headers", {})}
        if not response["headers"]:
            del response["headers"]
        content = response.setdefault("content", {})
        for media_type, body in added.get("content", {}).items():
            present = content.setdefault(media_type, {"schema": body["schema"]})
            present["schema"] = _either(present["schema"], body["schema"])
            present["examples"] = {**body["examples"], **present.get("examples", {})}


def by_text(responses: Responses) -> dict[str, dict[str, Any]]:
    """The same with each status as the document itself writes it."""
    return {str(status): response for status, response in responses.items()}


def _either(schema: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    alternatives = schema.get("anyOf", [schema])
    return schema if other in alternatives else {"anyOf": [*alternatives, other]}


def _describe(error: AppError, body: dict[str, Any]) -> dict[str, Any]:
    body = body | {"request_id": _REQUEST_ID}
    code = body["code"]
    named = f"`{code}`" if code == error.code else f"`{code}`, with `{error.code}` in `errors`"
    schema = "InvalidRequest" if "errors" in body else "Problem"
    return {
        "description": f"- {named}: {error.detail}",
        "headers": _headers(error.headers()),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": f"#/components/schemas/{schema}"},
                "examples": {error.code: {"summary": error.detail, "value": body}},
            }
        },
    }


def _headers(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    return {name: HEADER_FIELDS[name] for name in names}
