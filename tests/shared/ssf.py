"""A transmitter that is not Watchword's: another issuer on a free loopback port, with keys, paths and tokens of its
own."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.shared.tokens import private_key
from watchword.testing import Issuer
from watchword.testing.issuer import sign

AUDIENCE = "https://receiver.example/events"
POLL = "urn:ietf:rfc:8936"
LONG_POLL_SECONDS = 2.0


class Transmitter:
    """What it is told to send waits until it is acknowledged or refused (RFC 8936). `trouble` gives an answer in the
    place of the right one, by the kind of request; `calls` counts these."""

    def __init__(self) -> None:
        self.issuer = Issuer()
        self.waiting: dict[str, Any] = {}
        self.acknowledged: list[str] = []
        self.refused: dict[str, Any] = {}
        self.batches: list[list[str]] = []
        self.pollers: list[str] = []
        self.long_polls: list[bool] = []
        self.streams: list[dict[str, Any]] = []
        self.tokens: dict[str, str] = {}
        self.trouble: dict[str, Response] = {}
        self.calls: Counter[str] = Counter()
        self.gate = asyncio.Event()
        self.gate.set()
        self._rung = asyncio.Event()
        self._port = 0
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    def event(self, kind: str, sub_id: Any = None, *, key: Any = None, head: Any = None, **claims: Any) -> str:
        """A security event token; `claims` replace what would be in it, `head` what would be in its header."""
        body = {
            "iss": self.issuer.url,
            "aud": AUDIENCE,
            "iat": int(self.issuer.clock.now().timestamp()),
            "jti": uuid4().hex,
            "sub_id": sub_id,
            "events": {kind: {}},
            **claims,
        }
        header = {"alg": "RS256", "typ": "secevent+jwt", "kid": self.issuer.kid, **(head or {})}
        return sign(header, body, key or private_key(self.issuer))

    def send(self, kind: str, sub_id: Any = None, **how: Any) -> str:
        """Let an event wait; its id. The arguments are those of `event`."""
        jti = how.setdefault("jti", uuid4().hex)
        return self.put(jti, self.event(kind, sub_id, **how))

    def put(self, jti: str, token: Any) -> str:
        """Let whatever this is wait under this id."""
        self.waiting[jti] = token
        self.ring()
        return jti

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    def is_settled(self, *jtis: str) -> bool:
        return set(jtis) <= {*self.acknowledged, *self.refused}

    def stream(self) -> dict[str, Any]:
        """Make one, as somebody has done before."""
        url = f"{self.issuer.url}/queues/{uuid4().hex}"
        made = {"stream_id": uuid4().hex, "iss": self.issuer.url, "aud": [AUDIENCE], "events_delivered": []}
        self.streams.append({**made, "delivery": {"method": POLL, "endpoint_url": url}})
        return self.streams[-1]

    async def start(self) -> None:
        """On the port it had before, if it had one."""
        config = uvicorn.Config(
            self._app(), log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=0, access_log=False
        )
        listening = socket.create_server(("127.0.0.1", self._port))
        self._port = listening.getsockname()[1]
        self.issuer.url = f"http://127.0.0.1:{self._port}/tenants/one"
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))

    async def stop(self) -> None:
        """Whoever polls is cut off."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            self.ring()
            await self._serving
            self._server = self._serving = None

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/ssf-configuration/tenants/one", self._answers("ssf", self._describe)),
                Route("/.well-known/oauth-authorization-server/tenants/one", self._answers("oauth", self._describe)),
                Route("/tenants/one/certs", self._answers("certs", self._certs)),
                Route("/tenants/one/login", self._answers("token", self._token), methods=["POST"]),
                Route("/tenants/one/config", self._answers("streams", self._streams), methods=["GET", "POST"]),
                Route("/tenants/one/queues/{name}", self._answers("poll", self._poll), methods=["POST"]),
            ]
        )

    def _answers(self, kind: str, answer: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            self.calls[kind] += 1
            await self.gate.wait()
            found: Response = self.trouble.get(kind) or await answer(request)
            return found

        return endpoint

    async def _describe(self, _: Request) -> Response:
        url = self.issuer.url
        return JSONResponse(
            {
                "issuer": url,
                "jwks_uri": f"{url}/certs",
                "configuration_endpoint": f"{url}/config",
                "token_endpoint": f"{url}/login",
            }
        )

    async def _certs(self, _: Request) -> Response:
        return JSONResponse(self.issuer.jwks(), headers={"Cache-Control": "max-age=3600"})

    async def _token(self, request: Request) -> Response:
        token = uuid4().hex
        self.tokens[f"Bearer {token}"] = request.headers["Authorization"]
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 300})

    async def _streams(self, request: Request) -> Response:
        if request.headers["Authorization"] not in self.tokens:
            return Response(status_code=401)
        if request.method == "GET":
            return JSONResponse(self.streams)
        assert (await request.json())["delivery"] == {"method": POLL}
        return JSONResponse(self.stream(), status_code=201)

    async def _poll(self, request: Request) -> Response:
        asked = await request.json()
        if (caller := self.tokens.get(request.headers["Authorization"])) is None:
            return Response(status_code=401)
        if not self._is_known(request):
            return Response(status_code=404)
        self.pollers.append(caller)
        self.long_polls.append(not asked["returnImmediately"])
        self._settle(asked)
        if not self.waiting and not asked["returnImmediately"]:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), LONG_POLL_SECONDS)
        if not self._is_known(request):
            return Response(status_code=404)
        sets = dict(list(self.waiting.items())[: asked["maxEvents"]])
        self.batches.append(list(sets))
        return JSONResponse({"sets": sets, "moreAvailable": len(sets) < len(self.waiting)})

    def _is_known(self, request: Request) -> bool:
        return str(request.url) in [one["delivery"]["endpoint_url"] for one in self.streams]

    def _settle(self, asked: dict[str, Any]) -> None:
        self.acknowledged += asked["ack"]
        self.refused |= asked["setErrs"]
        for jti in (*asked["ack"], *asked["setErrs"]):
            self.waiting.pop(jti, None)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """They belong to the tests."""
        yield


@asynccontextmanager
async def transmitting() -> AsyncIterator[Transmitter]:
    transmitter = Transmitter()
    await transmitter.start()
    try:
        yield transmitter
    finally:
        transmitter.gate.set()
        await transmitter.stop()
