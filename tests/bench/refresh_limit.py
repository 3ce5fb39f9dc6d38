"""The limit that refreshing is compared with: two RSA signatures and a transaction of two statements."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

KEY, PADDING, HASH = rsa.generate_private_key(65_537, 2_048), PKCS1v15(), SHA256()
HEADER = b'{"alg":"RS256","typ":"at+jwt","kid":"0123456789abcdef0123456789abcdef0123456789a"}'
SPEND = "UPDATE bench.chains SET spent_at = now() WHERE id = $1 AND spent_at IS NULL RETURNING id"
BEGIN = "INSERT INTO bench.chains DEFAULT VALUES RETURNING id"
# As long as the claims of an access token of ours.
CLAIMS = {"iss": "http://localhost:8001", "aud": "http://localhost:8002", "iat": 1, "exp": 601, "more": "x" * 260}


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=8, max_size=8) as pool:
        app.state.pool = pool
        yield


async def start(request: Request) -> Response:
    """Begin a chain, of which only the refresh token matters."""
    return answer(await request.app.state.pool.fetchval(BEGIN))


async def refresh(request: Request) -> Response:
    (token,) = parse_qs(await request.body())[b"refresh_token"]
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(SPEND, chain_id(token)) is None:
            return Response(status_code=400)
        successor = await connection.fetchval(BEGIN)
    return answer(successor)


async def readyz(_: Request) -> Response:
    return Response()


def answer(chain: UUID) -> Response:
    claims = {**CLAIMS, "jti": str(chain)}
    access_token, refresh_token = sign(claims), sign({**claims, "use": "refresh"})
    tokens = {"access_token": access_token, "refresh_token": refresh_token, "token_type": "Bearer", "expires_in": 600}
    return Response(orjson.dumps(tokens), media_type="application/json")


def sign(claims: dict[str, object]) -> str:
    signed = encode(HEADER) + b"." + encode(orjson.dumps(claims))
    return (signed + b"." + encode(KEY.sign(signed, PADDING, HASH))).decode()


def encode(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def chain_id(token: bytes) -> UUID:
    """The id in a token. Its signature is not verified: that is no part of the limit."""
    return UUID(orjson.loads(urlsafe_b64decode(token.split(b".")[1] + b"=="))["jti"])


routes = [
    Route("/oauth/token", refresh, methods=["POST"]),
    Route("/start", start, methods=["POST"]),
    Route("/readyz", readyz),
]
app = Starlette(routes=routes, lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["LIMIT_PORT"]), access_log=False, log_level="warning")
