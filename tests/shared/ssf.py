"""A transmitter that is not Watchword's: another issuer on a loopback port, with keys, paths and tokens of its own."""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.shared.tokens import private_key
from tests.support.ports import held_port
from watchword.testing import Issuer
from watchword.testing.issuer import sign

AUDIENCE = "https://receiver.example/events"
POLL = "urn:ietf:rfc:8936"
LONG_POLL_SECONDS = 0.5


class Transmitter:
    """Events that are sent wait until they are acknowledged or refused (RFC 8936).

    `trouble` has answers that replace the right ones, by the kind of request; `calls` counts the requests of each kind.
    While it `loses_created`, it makes streams and does not say so. `status` is what it says of each stream.
    `further_members` are in each answer to a poll beside those of RFC 8936. Unless it `sends_again`, a poll that may
    wait does not bring again what was sent before.
    """

    def __init__(self, port: int, path: str) -> None:
        self.port = port
        self._path = path
        self.issuer = Issuer()
        self.issuer.url = f"http://127.0.0.1:{port}{path}"
        self.waiting: dict[str, Any] = {}
        self.acknowledged: list[str] = []
        self.refused: dict[str, Any] = {}
        self.batches: list[list[str]] = []
        self.pollers: list[str] = []
        self.long_polls: list[bool] = []
        self.streams: list[dict[str, Any]] = []
        self.drafts: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.loses_created = False
        self.status = {"status": "enabled"}
        self.tokens: dict[str, str] = {}
        self.trouble: dict[str, Response] = {}
        self.further_members: dict[str, Any] = {}
        self.sends_again = True
        self._sent: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.gate = asyncio.Event()
        self.gate.set()
        self._wakeup = asyncio.Event()
        self._server: ServerWithoutSignals | None = None
        self._serving: asyncio.Task[None] | None = None

    def event(self, kind: str, sub_id: Any = None, *, key: Any = None, head: Any = None, **claims: Any) -> str:
        """A security event token, in which `claims` replace the usual claims, and `head` members of the header."""
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

    def send(self, kind: str, sub_id: Any = None, **options: Any) -> str:
        """Let an event wait, and return its `jti`. The arguments are those of `event`."""
        jti = options.setdefault("jti", uuid4().hex)
        return self.put(jti, self.event(kind, sub_id, **options))

    def put(self, jti: str, token: Any) -> str:
        """Let any value wait under this `jti` as if it were a token."""
        self.waiting[jti] = token
        self.answer_polls()
        return jti

    def answer_polls(self) -> None:
        """Answer every long poll now."""
        self._wakeup.set()
        self._wakeup = asyncio.Event()

    def is_settled(self, *jtis: str) -> bool:
        return set(jtis) <= {*self.acknowledged, *self.refused}

    def add_stream(self, **members: Any) -> dict[str, Any]:
        """Create a stream, with these members of a draft, and return it as its configuration endpoint shows it."""
        url = f"{self.issuer.url}/queues/{uuid4().hex}"
        stream = {"stream_id": uuid4().hex, "iss": self.issuer.url, "aud": [AUDIENCE], "events_delivered": []}
        stream |= members
        self.streams.append({**stream, "delivery": {"method": POLL, "endpoint_url": url}})
        return self.streams[-1]

    async def start(self) -> None:
        config = uvicorn.Config(
            self._app(), log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=0, access_log=False
        )
        listening = socket.create_server(("127.0.0.1", self.port))
        self._server = ServerWithoutSignals(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))

    async def stop(self) -> None:
        """Stop listening, and cut off every poll."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            self.answer_polls()
            await self._serving
            self._server = self._serving = None

    def _app(self) -> Starlette:
        path = self._path
        return Starlette(
            routes=[
                Route(f"/.well-known/ssf-configuration{path}", self._answers("ssf", self._describe)),
                Route(f"/.well-known/oauth-authorization-server{path}", self._answers("oauth", self._describe)),
                Route(f"{path}/certs", self._answers("certs", self._certs)),
                Route(f"{path}/login", self._answers("token", self._token), methods=["POST"]),
                Route(
                    f"{path}/config",
                    self._answers("streams", self._streams),
                    methods=["GET", "POST", "PATCH", "DELETE"],
                ),
                Route(f"{path}/status", self._answers("status", self._status)),
                Route(f"{path}/queues/{{name}}", self._answers("poll", self._poll), methods=["POST"]),
            ]
        )

    def _answers(self, kind: str, answer: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            self.calls[kind] += 1
            await self.gate.wait()
            response: Response = self.trouble.get(kind) or await answer(request)
            return response

        return endpoint

    async def _describe(self, _: Request) -> Response:
        url = self.issuer.url
        return JSONResponse(
            {
                "issuer": url,
                "jwks_uri": f"{url}/certs",
                "configuration_endpoint": f"{url}/config",
                "token_endpoint": f"{url}/login",
                "status_endpoint": f"{url}/status",
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
        if request.method == "DELETE":
            return self._delete(request.query_params["stream_id"])
        body = await request.json()
        if request.method == "PATCH":
            self.changes.append(body)
            (stream,) = [stream for stream in self.streams if stream["stream_id"] == body["stream_id"]]
            stream |= body
            return JSONResponse(stream)
        assert body["delivery"] == {"method": POLL}
        self.drafts.append(body)
        members = {name: body[name] for name in ("description", "inactivity_timeout") if name in body}
        stream = self.add_stream(**members)
        return Response(status_code=502) if self.loses_created else JSONResponse(stream, status_code=201)

    async def _status(self, request: Request) -> Response:
        stream_id = request.query_params["stream_id"]
        assert stream_id in [stream["stream_id"] for stream in self.streams]
        return JSONResponse({"stream_id": stream_id, **self.status})

    def _delete(self, stream_id: str) -> Response:
        known = [stream for stream in self.streams if stream["stream_id"] == stream_id]
        for stream in known:
            self.streams.remove(stream)
            self.deleted.append(stream_id)
        return Response(status_code=204 if known else 404)

    async def _poll(self, request: Request) -> Response:
        poll = await request.json()
        if (caller := self.tokens.get(request.headers["Authorization"])) is None:
            return Response(status_code=401)
        if not self._is_known(request):
            return Response(status_code=404)
        self.pollers.append(caller)
        self.long_polls.append(not poll["returnImmediately"])
        self._settle(poll)
        if not self._due(poll) and not poll["returnImmediately"]:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wakeup.wait(), LONG_POLL_SECONDS)
        if not self._is_known(request):
            return Response(status_code=404)
        due = self._due(poll)
        sets = dict(list(due.items())[: poll["maxEvents"]])
        self._sent.update(sets)
        self.batches.append(list(sets))
        return JSONResponse({"sets": sets, "moreAvailable": len(sets) < len(due), **self.further_members})

    def _due(self, poll: dict[str, Any]) -> dict[str, Any]:
        if self.sends_again or poll["returnImmediately"]:
            return self.waiting
        return {jti: token for jti, token in self.waiting.items() if jti not in self._sent}

    def _is_known(self, request: Request) -> bool:
        return request.url.path in [urlsplit(stream["delivery"]["endpoint_url"]).path for stream in self.streams]

    def _settle(self, poll: dict[str, Any]) -> None:
        self.acknowledged += poll["ack"]
        self.refused |= poll["setErrs"]
        for jti in (*poll["ack"], *poll["setErrs"]):
            self.waiting.pop(jti, None)


class ServerWithoutSignals(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to pytest."""
        yield


@asynccontextmanager
async def transmitting(path: str = "/tenants/one") -> AsyncIterator[Transmitter]:
    """A transmitter that listens for as long as the block lasts. `path` is that of its issuer, which may be empty."""
    with held_port() as port:
        transmitter = Transmitter(port, path)
        await transmitter.start()
        try:
            yield transmitter
        finally:
            transmitter.gate.set()
            await transmitter.stop()
