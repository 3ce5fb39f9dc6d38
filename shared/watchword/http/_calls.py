"""The calls that FastAPI makes to answer a request to an operation, read once so that a plan can make them."""

from collections.abc import Awaitable, Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from fastapi import params

from watchword.http._framework import body_fields_of, is_awaited, key_of, returns_response, validator_of


class Unplanned(Exception):
    """FastAPI would do something to call this operation that is not read here."""


class NeedsFastAPI(Exception):
    """FastAPI has to answer this request: a value is missing, or its body is not one that a plan reads."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function whose value is one part of the request, named `key` there.

    `validate` returns the argument for that value, or raises an error if it is not valid.
    """

    name: str
    key: str
    is_required: bool
    default: Any
    validate: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A dependency, or the endpoint itself: what it is called with.

    `requests` are the parameters that get the request itself; `receivers` are the calls, by their index, with the
    parameters that get the result of this one.
    """

    function: Callable[..., Awaitable[Any]]
    path: Sequence[Parameter]
    query: Sequence[Parameter]
    header: Sequence[Parameter]
    requests: Sequence[str]
    receivers: list[tuple[int, str]] = field(default_factory=list)

    def needs_query(self) -> bool:
        """Whether a request without a query is malformed."""
        return any(it.is_required for it in self.query)

    def defaults(self) -> dict[str, Any]:
        """The arguments that a request need not have."""
        return {it.name: it.default for it in (*self.query, *self.header) if not it.is_required}


def calls_of(dependant: Any) -> tuple[list[Call], Parameter | None]:
    """The calls that FastAPI makes for an operation, in its order, the endpoint last, and the endpoint's JSON body.

    Raises Unplanned if it would do more: run a function in a thread or leave a context, read a form, a cookie or a list
    of values, or hand out a response, background tasks or security scopes.
    """
    if not returns_response(dependant.call):
        raise Unplanned
    collection = _Calls()
    collection.add(dependant)
    return collection.calls, _body_of(dependant)


class _Calls:
    """The calls of an operation. A dependency that is named twice is called once, unless it is declared otherwise."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._indexes: dict[Any, int] = {}

    def add(self, dependant: Any) -> int:
        """Add a call after those whose results it takes; return its index."""
        results = [(self.add(child), child.name) for child in dependant.dependencies]
        key = (dependant.call, dependant.scope)
        if dependant.use_cache and key in self._indexes:
            return self._indexes[key]
        _ensure_simple(dependant)
        requests = (dependant.request_param_name, dependant.http_connection_param_name)
        call = Call(
            dependant.call,
            [_parameter(it) for it in dependant.path_params],
            [_parameter(it) for it in dependant.query_params],
            [_parameter(it) for it in dependant.header_params],
            [name for name in requests if name is not None],
        )
        index = len(self.calls)
        self.calls.append(call)
        self._indexes.setdefault(key, index)
        for child, name in results:
            if name is not None:
                self.calls[child].receivers.append((index, name))
        return index


def _ensure_simple(dependant: Any) -> None:
    more = (
        dependant.cookie_params
        or dependant.websocket_param_name
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.own_oauth_scopes
        or dependant.parent_oauth_scopes
        or getattr(dependant, "concurrency", None)
    )
    if more or not is_awaited(dependant.call):
        raise Unplanned


def _parameter(model_field: Any) -> Parameter:
    key, info = key_of(model_field), model_field.field_info
    if key is None:
        raise Unplanned
    if info.is_required():
        return Parameter(model_field.name, key, is_required=True, default=None, validate=validator_of(model_field))
    # FastAPI copies a default for each request. One that `deepcopy` returns unchanged can be shared.
    if info.default_factory is not None or info.validate_default or deepcopy(info.default) is not info.default:
        raise Unplanned
    return Parameter(model_field.name, key, is_required=False, default=info.default, validate=validator_of(model_field))


def _body_of(dependant: Any) -> Parameter | None:
    fields, are_members = body_fields_of(dependant)
    if not fields:
        return None
    if are_members or len(fields) > 1 or dependant.body_params != fields:
        raise Unplanned
    (model_field,) = fields
    if isinstance(model_field.field_info, params.Form):
        raise Unplanned
    return Parameter(model_field.name, "", is_required=True, default=None, validate=validator_of(model_field))
