"""Refuses a request that gives one value twice: a proxy and this service could each take another one of the two.

A request whose parts are too many to be read quickly is refused as well, before they are read.
"""

import json
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from json import JSONDecodeError
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from watchword.http.problems import Unparsable

MAX_PARAMETERS: Final = 100

# Enough for the longest body of any operation: an event of a stream may have an object of its own.
MAX_CONTAINERS: Final = 20_000

WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
# A text that does not end reaches to the end, so that it is passed over once; nothing is tried again.
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)


class StrictRoute(APIRoute):
    """A route that refuses a query parameter or a member of a JSON object that is given twice.

    `APIRouter(route_class=StrictRoute)`; no operation of the router may take a list in its query. At most
    MAX_PARAMETERS parameters, and MAX_CONTAINERS arrays and objects of a body, are read.
    """

    refuses_repetition = True

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            scope = request.scope
            if scope["query_string"]:
                ensure_few_parameters(request)
            if scope["method"] in WITHOUT_BODY:
                return await handle(request)
            strict = StrictRequest(request)
            try:
                return await handle(strict)
            except RequestValidationError:
                if strict.refusal is not None:
                    raise strict.refusal from None
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


class StrictRequest(Request):
    """A request whose JSON is read strictly. The request that it wraps keeps the body, for handlers of errors.

    `refusal` says what is wrong with the body, in the place of FastAPI's own refusal; None before it is read.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, request.receive)
        self.refusal: RequestValidationError | None = None
        self._request = request

    def stream(self) -> AsyncGenerator[bytes, None]:
        return self._request.stream()

    async def body(self) -> bytes:
        return await self._request.body()

    async def json(self) -> Any:
        body = await self.body()
        if _has_many_containers(body):
            raise self._refused(_refusal("body", "too_many", f"It has at most {MAX_CONTAINERS} arrays and objects"))
        # As text: given bytes, Python would take UTF-16 and UTF-32 too, which others do not (RFC 8259 section 8.1).
        return json.loads(body.decode("utf-8-sig"), object_pairs_hook=self._object)

    def _object(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(members)
        if len(value) != len(members):
            raise self._refused(_repeated("body", first_repeated([name for name, _ in members]) or ""))
        return value

    def _refused(self, refusal: RequestValidationError) -> JSONDecodeError:
        self.refusal = refusal
        # FastAPI answers this error alone as one of the body.
        return JSONDecodeError("refused", "", 0)


def _has_many_containers(body: bytes) -> bool:
    """Whether the body has more than MAX_CONTAINERS arrays and objects, each of which takes as long as a long text."""
    # Most bodies have few brackets. Only in the others are brackets within texts told from those that open something.
    return (
        _count_of_opening_brackets(body) > MAX_CONTAINERS
        and _count_of_opening_brackets(_TEXT.sub(b"", body, MAX_CONTAINERS)) > MAX_CONTAINERS
    )


def _count_of_opening_brackets(json_text: bytes) -> int:
    return json_text.count(b"[") + json_text.count(b"{")


def ensure_few_parameters(request: Request) -> None:
    """Raise an error if there are more than MAX_PARAMETERS, or if one is given twice."""
    if request.scope["query_string"].count(b"&") >= MAX_PARAMETERS:
        raise _refusal("query", "too_many", f"It has at most {MAX_PARAMETERS} parameters")
    if (name := first_repeated([key for key, _ in request.query_params.multi_items()])) is not None:
        raise _repeated("query", name)


def first_repeated(names: list[str]) -> str | None:
    """The first name that comes again. Each is looked at once: a stranger chooses how many there are."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _repeated(part: str, name: str) -> RequestValidationError:
    # JSON can express half of a surrogate pair, and no answer can say it.
    sayable = name.encode(errors="replace").decode()
    return _refusal(part, "repeated", "This is given more than once", sayable)


def _refusal(part: str, code: str, text: str, *place: str) -> RequestValidationError:
    # Not an AppError: a malformed request is answered after the guards, whatever is wrong with it.
    return RequestValidationError([{"type": code, "loc": (part, *place), "msg": text, "input": None}])
