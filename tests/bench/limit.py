"""The limit that reads and publishing are compared with: Starlette and an asyncpg pool, without a guard."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

VIEW = """SELECT p.id, p.slug, p.title, p.summary, p.tags, {text}p.likes, p.comments, p.unpublished_reason, p.state,
          p.author_id, a.username, p.version, p.created_at, p.updated_at, p.published_at
          FROM posts.posts p JOIN posts.authors a ON a.id = p.author_id"""
POST = VIEW.format(text="p.body, p.html, ")
SUMMARY = VIEW.format(text="")
PUBLISH = """INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at, published_at)
             VALUES ($1, $2, $3, 'published', 1, now(), now(), now())
             RETURNING id, title, body, state, author_id, version, created_at, updated_at, published_at"""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["POSTS_DATABASE_URL"], min_size=8, max_size=8) as pool:
        app.state.pool = pool
        app.state.author_id = await pool.fetchval("SELECT id FROM posts.authors LIMIT 1")
        yield


async def read_post(request: Request) -> Response:
    row = await request.app.state.pool.fetchrow(f"{POST} WHERE p.id = $1", UUID(request.path_params["post_id"]))
    return answer(dict(row))


async def list_posts(request: Request) -> Response:
    rows = await request.app.state.pool.fetch(
        f"{SUMMARY} WHERE p.state = 'published' ORDER BY p.published_at DESC, p.id DESC LIMIT 20"
    )
    return answer({"items": [dict(row) for row in rows]})


async def publish_post(request: Request) -> Response:
    draft, state = orjson.loads(await request.body()), request.app.state
    row = await state.pool.fetchrow(PUBLISH, state.author_id, draft["title"], draft["body"])
    return answer(dict(row), 201)


async def readyz(_: Request) -> Response:
    return Response()


def answer(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body, default=str), status, media_type="application/json")


routes = [
    Route("/posts/{post_id}", read_post),
    Route("/posts", list_posts),
    Route("/posts", publish_post, methods=["POST"]),
    Route("/readyz", readyz),
]
app = Starlette(routes=routes, lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["LIMIT_PORT"]), access_log=False, log_level="warning")
