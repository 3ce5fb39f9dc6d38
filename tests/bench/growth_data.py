"""Fill both schemas with a given number of users and posts, without asking the services."""

from deploy.local.demo_copy import copy_posts
from posts_service.posts.post_query import PostQuery
from posts_service.posts.reading_statements import cursor_at
from tests.support.databases import DATABASE, Databases, connected

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
NTH = """
SELECT published_at, id FROM posts.posts WHERE state = 'published' ORDER BY published_at DESC, id DESC LIMIT 1 OFFSET $1
"""
HASH = "SELECT password_hash FROM identity.users WHERE username = 'ada'"
VACUUM_USERS = "VACUUM ANALYZE identity.users, identity.user_roles"
PEOPLE = "SELECT id FROM posts.authors ORDER BY id"


async def insert_users(databases: Databases, first: int, last: int, password_hash: str) -> None:
    """Make the users from person`first` to person`last`, with the default role and this hash of their password."""
    async with connected(databases.server.superuser_url(DATABASE)) as connection:
        await connection.execute(USERS, first, last, password_hash)
        await connection.execute(ROLES)
        await connection.execute(VACUUM_USERS)


async def grow(databases: Databases, before: int, size: int) -> None:
    """Raise the numbers of users and posts from `before` to `size`. All users have the password of `ada`."""
    (row,) = await databases.fetch("identity_owner", HASH)
    await insert_users(databases, before + 1, size, row["password_hash"])
    async with connected(databases.server.superuser_url(DATABASE)) as connection:
        await connection.execute(AUTHORS)
        people = [row["id"] for row in await connection.fetch(PEOPLE)]
        await copy_posts(connection, people, range(before, size), "english")


async def cursor_after(databases: Databases, count: int) -> str:
    """The cursor after so many posts of the feed, as the service writes it."""
    (row,) = await databases.fetch("posts_owner", NTH, count - 1)
    return str(cursor_at((row["published_at"], row["id"]), PostQuery()))
