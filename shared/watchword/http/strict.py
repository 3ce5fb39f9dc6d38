"""Refuses a request that gives one value twice: a proxy and this service could each take another one of the two."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from watchword.http.problems import Unparsable

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})


class StrictRoute(APIRoute):
    """A route that refuses a query parameter or a member of a JSON object that is given twice.

    `APIRouter(route_class=StrictRoute)`; no operation of the router may take a list in its query.
    """

    refuses_repetition = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            scope = request.scope
            if scope["query_string"]:
                _ensure_no_parameter_twice(request)
            if scope["method"] in _WITHOUT_BODY:
                return await handle(request)
            strict = _StrictRequest(scope, request.receive)
            try:
                return await handle(strict)
            except RequestValidationError:
                if strict.repeated_member is not None:
                    raise _refusal("body", strict.repeated_member) from None
                raise

        return handle_strictly


class BadRequestRoute(StrictRoute):
    """A strict route that answers 400, not 422, to a malformed request, for a protocol that requires 400."""

    malformed_status = 400

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_request(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise Unparsable(error.errors()) from None

        return handle_request


class _StrictRequest(Request):
    """`repeated_member` is the name of the member that the body has twice; None before it is read."""

    repeated_member: str | None = None

    async def json(self) -> Any:
        return json.loads(await self.body(), object_pairs_hook=self._object)

    def _object(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        self.repeated_member = first_repeated([name for name, _ in members])
        if self.repeated_member is not None:
            # FastAPI answers this error alone as one of the body.
            raise json.JSONDecodeError("a member is given twice", "", 0)
        return dict(members)


def _ensure_no_parameter_twice(request: Request) -> None:
    if (name := first_repeated([key for key, _ in request.query_params.multi_items()])) is not None:
        raise _refusal("query", name)


def first_repeated(names: list[str]) -> str | None:
    """The first name that comes again. Each is looked at once: a stranger chooses how many there are."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _refusal(part: str, name: str) -> RequestValidationError:
    # JSON can express half of a surrogate pair, and no answer can say it.
    sayable = name.encode(errors="replace").decode()
    # Not an AppError: a malformed request is answered after the guards, whatever is wrong with it.
    error = {"type": "repeated", "loc": (part, sayable), "msg": "This is given more than once", "input": None}
    return RequestValidationError([error])
