"""What a request causes can be recorded with its id and its caller's address; work that outlives it is nobody's."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from tests.shared.apps import plain_app
from watchword.service.callers import current_request


class Later:
    """An app whose requests begin a task that goes on after them."""

    def __init__(self) -> None:
        self.app = plain_app()
        self.is_time = asyncio.Event()
        self.tasks: list[asyncio.Task[str | None]] = []
        self.app.get("/")(self._begin)
        self.app.get("/portions")(self._portions)

    async def _begin(self) -> str | None:
        self.tasks.append(asyncio.create_task(self._go_on()))
        return _words()

    async def _portions(self) -> StreamingResponse:
        async def words() -> AsyncIterator[str]:
            yield str(_words())

        return StreamingResponse(words())

    async def _go_on(self) -> str | None:
        await self.is_time.wait()
        return _words()


def _words() -> str | None:
    request = current_request()
    return None if request is None else f"{request.request_id} from {request.address}"


async def get(app: FastAPI, path: str, address: str = "192.0.2.1") -> httpx.Response:
    transport = httpx.ASGITransport(app, client=(address, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as http:
        return await http.get(path, headers={"X-Request-ID": "this-one"})


@pytest.mark.parametrize("path", ["/", "/portions"])
async def test_code_of_a_request_sees_its_id_and_its_address(path: str) -> None:
    later = Later()
    assert "this-one from 192.0.2.1" in (await get(later.app, path)).text
    assert current_request() is None
    later.is_time.set()
    await asyncio.gather(*later.tasks)


async def test_task_that_outlives_its_request_is_of_no_request() -> None:
    later = Later()
    await get(later.app, "/")
    later.is_time.set()
    assert await asyncio.gather(*later.tasks) == [None]


async def test_caller_without_an_address_has_none() -> None:
    later = Later()
    assert (await get(later.app, "/portions", "")).text == "this-one from None"
