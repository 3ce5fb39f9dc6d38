"""Fill both schemas with a given number of users and posts, by SQL alone."""

import asyncpg

from posts_service.posts.post_query import PostQuery
from posts_service.posts.reading_statements import cursor_at
from tests.support.databases import DATABASE, Databases

AUTHORS = """
INSERT INTO posts.authors (id, username, named_at)
SELECT id, username, now() FROM identity.users WHERE username LIKE 'person%' ON CONFLICT DO NOTHING
"""
USERS = """
INSERT INTO identity.users (username, email, password_hash)
SELECT 'person' || n, 'person' || n || '@example.com', $3
FROM generate_series($1::int, $2::int) AS n
"""
ROLES = """
INSERT INTO identity.user_roles (user_id, role)
SELECT id, 'user' FROM identity.users WHERE username LIKE 'person%' ON CONFLICT DO NOTHING
"""
# Older than every post that is there, a second apart, by the authors in turns.
POSTS = """
WITH authors AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM posts.authors)
INSERT INTO posts.posts (id, author_id, title, body, state, version, created_at, updated_at, published_at)
SELECT uuidv7(-n * interval '1 second'), authors.id, 'A title of usual length ' || n, repeat('A body. ', 60),
       'published', 1, at, at, at
FROM generate_series($1::int, $2::int) AS n
CROSS JOIN LATERAL (SELECT now() - n * interval '1 second' AS at) AS instant
JOIN authors ON authors.place = n % (SELECT count(*) FROM posts.authors)
"""
NTH = """
SELECT published_at, id FROM posts.posts WHERE state = 'published' ORDER BY published_at DESC, id DESC LIMIT 1 OFFSET $1
"""
HASH = "SELECT password_hash FROM identity.users WHERE username = 'ada'"
VACUUM_USERS = "VACUUM ANALYZE identity.users, identity.user_roles"
VACUUM_POSTS = "VACUUM ANALYZE posts.authors, posts.posts"


async def insert_users(databases: Databases, first: int, last: int, password_hash: str) -> None:
    """Make the users from person`first` to person`last`, with the default role and this hash of their password."""
    connection = await asyncpg.connect(databases.server.superuser_url(DATABASE))
    try:
        await connection.execute(USERS, first, last, password_hash)
        await connection.execute(ROLES)
        await connection.execute(VACUUM_USERS)
    finally:
        await connection.close()


async def grow(databases: Databases, before: int, size: int) -> None:
    """Raise the numbers of users and posts from `before` to `size`. All users have the password of `ada`."""
    (row,) = await databases.fetch("identity_owner", HASH)
    await insert_users(databases, before + 1, size, row["password_hash"])
    connection = await asyncpg.connect(databases.server.superuser_url(DATABASE))
    try:
        await connection.execute(AUTHORS)
        await connection.execute(POSTS, before + 1, size)
        await connection.execute(VACUUM_POSTS)
    finally:
        await connection.close()


async def cursor_after(databases: Databases, count: int) -> str:
    """The cursor after so many posts of the feed, as the service writes it."""
    (row,) = await databases.fetch("posts_owner", NTH, count - 1)
    return str(cursor_at((row["published_at"], row["id"]), PostQuery()))
