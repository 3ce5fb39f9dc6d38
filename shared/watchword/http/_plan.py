"""The plan of a hot route: how a well-formed request is answered by calling its dependencies and its endpoint."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from watchword.http._calls import Call, NeedsFastAPI, Parameter
from watchword.http.strict import WITHOUT_BODY, StrictRequest, ensure_few_parameters

# What clients send. FastAPI takes more media types for JSON; a request with another one is left to it.
_JSON: Final = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})

# A longer body is left to FastAPI, which validates it only after the guards have let the caller pass.
MAX_BODY_BYTES: Final = 16_384

Arguments = list[dict[str, Any]]
"""What each call of a plan is given, by the names of its parameters."""


class Plan:
    """The calls that answer a request, in their order; made once for a route."""

    def __init__(self, calls: Sequence[Call], body: Parameter | None, *, is_strict: bool) -> None:
        self._calls = tuple((call, call.defaults(), call.needs_query()) for call in calls)
        self._dependencies = tuple((call.function, call.receivers) for call in calls[:-1])
        self._endpoint = calls[-1].function
        self._body = body
        self._is_strict = is_strict

    @property
    def reads_body(self) -> bool:
        return self._body is not None

    def request(self, scope: Scope, receive: Receive, send: Send) -> Request:
        """The request as the dependencies and the endpoint get it."""
        request = Request(scope, receive, send)
        return StrictRequest(request) if self._is_strict and scope["method"] not in WITHOUT_BODY else request

    def arguments(self, request: Request, path_params: Mapping[str, Any]) -> Arguments:
        """What each call is given, without the body and the results of other calls. Raises an error if the request is
        malformed."""
        query = self._query(request)
        arguments: Arguments = []
        for call, defaults, needs_query in self._calls:
            own = defaults.copy()
            for name in call.requests:
                own[name] = request
            for parameter in call.path:
                own[parameter.name] = parameter.validate(path_params[parameter.key])
            if query or needs_query:
                _add_arguments(call.query, query, own)
            if call.header:
                _add_arguments(call.header, request.headers, own)
            arguments.append(own)
        return arguments

    async def read_body(self, request: Request, arguments: Arguments) -> None:
        """Add the body, if the plan reads one, to the arguments of the endpoint. Raises an error if it is malformed."""
        if self._body is not None:
            arguments[-1][self._body.name] = await _read_body(self._body, request)

    async def response(self, arguments: Arguments) -> Response:
        """Call the dependencies and then the endpoint, with what `arguments` has returned and `read_body` has added."""
        for (function, receivers), own in zip(self._dependencies, arguments, strict=False):
            result = await function(**own)
            for index, name in receivers:
                arguments[index][name] = result
        response = await self._endpoint(**arguments[-1])
        if not isinstance(response, Response):
            raise TypeError(f"{self._endpoint!r} has not returned the Response that it is declared to return")
        return response

    def _query(self, request: Request) -> Mapping[str, str]:
        if not request.scope["query_string"]:
            return {}
        if self._is_strict:
            ensure_few_parameters(request)
        return request.query_params


def _add_arguments(parameters: Sequence[Parameter], values: Mapping[str, str], own: dict[str, Any]) -> None:
    """Add the arguments for these parameters to those of a call. Raises an error if one is missing or not valid."""
    for parameter in parameters:
        value = values.get(parameter.key)
        if value is not None:
            own[parameter.name] = parameter.validate(value)
        elif parameter.is_required:
            raise NeedsFastAPI


async def _read_body(parameter: Parameter, request: Request) -> Any:
    """The argument for the body. Raises NeedsFastAPI, or whatever reading JSON and validating it raise."""
    if not 0 < len(await request.body()) <= MAX_BODY_BYTES or not _has_json(request.scope):
        raise NeedsFastAPI
    value = await request.json()
    # Older releases of FastAPI take `null` for an absent body.
    if value is None:
        raise NeedsFastAPI
    return parameter.validate(value)


def _has_json(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"content-type":
            return value.lower() in _JSON
    return False
