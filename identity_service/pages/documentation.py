"""Endpoints that people's browsers open, in the OpenAPI document: they answer with pages and redirects."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from watchword.http.responses import Responses

Parameter = dict[str, Any]
"""A parameter of the query, as an OpenAPI document describes it."""

_SECONDS: Final = "Seconds after which the same request may succeed"


def page(description: str) -> dict[str, Any]:
    """An answer that is a page."""
    return {"description": f"A page: {description}", "content": {"text/html": {"schema": {"type": "string"}}}}


def redirect(description: str) -> dict[str, Any]:
    """An answer that leads the browser elsewhere."""
    location = {"description": "Where the browser goes", "schema": {"type": "string"}}
    return {"description": description, "headers": {"Location": location}}


_REFUSALS: Final[Mapping[int, Mapping[str, Any]]] = {
    413: page("the form is too large"),
    503: page("the service cannot answer at the moment")
    | {"headers": {"Retry-After": {"description": _SECONDS, "schema": {"type": "integer", "minimum": 0}}}},
}


def answers(own: Mapping[int, Mapping[str, Any]], *statuses: int) -> Responses:
    """The `responses=` of a route that answers with these statuses: those of its endpoint, and those of every one."""
    of_endpoint = {**_REFUSALS, **own}
    return {status: dict(of_endpoint[status]) for status in statuses}


def parameter(name: str, description: str, *, is_required: bool = False, **schema: Any) -> Parameter:
    return {
        "name": name,
        "in": "query",
        "required": is_required,
        "description": description,
        "schema": {"type": "string", **schema},
    }


def by_query(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The `openapi_extra=` of a route that takes the parameters in the query."""
    return {"parameters": list(parameters)}


def by_form(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """The `openapi_extra=` of a route that takes the same parameters in a form."""
    properties = {one["name"]: {**one["schema"], "description": one["description"]} for one in parameters}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required := [one["name"] for one in parameters if one["required"]]:
        schema["required"] = required
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}
