"""Readers who do not read: lists of long posts cost posts a bounded amount of memory, however many there are."""

import asyncio
from pathlib import Path

import httpx

from tests.support.bounded_server import BoundedServer
from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack
from tests.support.strangers import fixed, growth

READERS = 100
BYTES_MORE = 50_000_000
LISTS = b"GET /posts?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10
FILL = """
    INSERT INTO posts.posts (author_id, title, body, state, version, created_at, updated_at, published_at)
    SELECT author_id, repeat('t', 200), repeat('b', 100000), state, 1, now(), now(), now()
    FROM posts.posts, generate_series(1, 100)
"""


async def test_a_hundred_readers_who_do_not_read_cost_a_bounded_amount_and_are_cut_off(
    own_stack: Stack, http: httpx.AsyncClient
) -> None:
    ada = await Person(http, own_stack, unique("ada")).register()
    assert (await ada.publish()).status_code == 201
    await own_stack.databases.execute("posts_owner", FILL)
    process_id = own_stack.child("posts").process.pid
    posts = BoundedServer(int(own_stack.posts.rpartition(":")[2]), process_id, Path())
    await asyncio.to_thread(growth, posts, fixed(LISTS), 5)
    assert await asyncio.to_thread(growth, posts, fixed(LISTS), READERS) < BYTES_MORE
