"""`make demo N=…`: many posts, with their tags and likes, copied into the tables of a running installation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Uuid, any_, bindparam

from deploy.common import DATABASE_URLS, CommandFailed
from deploy.local.demo_rows import LIKE_COLUMNS, NEWEST, invented_id, like_rows, post_id, post_rows
from posts_service.posts.models import Post
from posts_service.search import repository as search
from posts_service.settings import Settings
from posts_service.slugs.slug import another_slug
from watchword.database.statements import Statement

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Progress: TypeAlias = Callable[[int], None]

PEOPLE: Final = 1_000
PORTION: Final = 5_000
"""How many posts one transaction writes. A command that is interrupted leaves whole portions."""

# With the password of another account.
_USERS: Final = """
INSERT INTO identity.users (id, username, email, password_hash)
SELECT person.id, person.username, person.username || '@example.com', account.password_hash
FROM unnest($1::uuid[], $2::text[]) AS person (id, username)
JOIN identity.users AS account ON account.username = $3
ON CONFLICT DO NOTHING
"""
_ROLES: Final = """
INSERT INTO identity.user_roles (user_id, role) SELECT id, 'user' FROM identity.users WHERE id = ANY($1)
"""
_PRESENT_USERS: Final = "SELECT id, username FROM identity.users WHERE id = ANY($1) ORDER BY id DESC"
_CARDS: Final = """
INSERT INTO posts.authors (id, username, named_at) SELECT *, $3 FROM unnest($1::uuid[], $2::text[])
ON CONFLICT DO NOTHING
"""
# One command at a time.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('demo', 0))"
_PRESENT_POSTS: Final = "SELECT id FROM posts.posts WHERE id = ANY($1)"
_PRESENT_SLUGS: Final = "SELECT slug FROM posts.slugs WHERE slug = ANY($1)"
_SLUGS: Final = "INSERT INTO posts.slugs (slug, post_id) SELECT slug, id FROM posts.posts WHERE id = ANY($1)"
_TAGS_OF_POSTS: Final = """
INSERT INTO posts.post_tags (post_id, tag, published_at)
SELECT id, unnest(tags), published_at FROM posts.posts WHERE id = ANY($1)
"""
_TAGS: Final = """
INSERT INTO posts.tags AS tag (name, posts)
SELECT tag, count(*) FROM posts.post_tags WHERE post_id = ANY($1) GROUP BY tag ORDER BY tag
ON CONFLICT (name) DO UPDATE SET posts = tag.posts + excluded.posts
"""
_POSTS: Final[Any] = Post.__table__
_IDS: Final = bindparam("ids", type_=ARRAY(Uuid()))
_TERMS: Final = Statement(search.replacement(_POSTS, _POSTS.c.id == any_(_IDS)))
_TABLES: Final = "authors", "posts", "slugs", "post_tags", "tags", "post_terms", "likes"
_VACUUM: Final = f"VACUUM ANALYZE {', '.join(f'posts.{table}' for table in _TABLES)}"


async def copy_demo(environment: Mapping[str, str], like: str, count: int, show: Progress) -> None:
    """Add `count` posts by a thousand people, whose password is that of the account `like`. Those that exist already
    stay as they are. `show` gets how many there are. Raises CommandFailed."""
    language = environment.get("POSTS_SEARCH_LANGUAGE") or Settings.model_fields["search_language"].default
    try:
        async with AsyncExitStack() as stack:
            identity, posts = [
                await _connect(stack, environment[DATABASE_URLS[role]]) for role in ("identity_owner", "posts_owner")
            ]
            people = await _people(identity, posts, like)
            await copy_posts(posts, people, range(count), language, show)
    except (OSError, asyncpg.PostgresError) as error:
        raise CommandFailed(f"copying has failed, and can be repeated: {error}") from error


async def copy_posts(
    connection: Connection, people: Sequence[UUID], numbers: range, language: str, show: Progress = lambda _: None
) -> None:
    """Write the posts of these numbers that are missing, portion by portion, by these people, who have author cards.
    `show` gets the number of the first post that is still to come."""
    for first in range(numbers.start, numbers.stop, PORTION):
        portion = range(first, min(first + PORTION, numbers.stop))
        async with connection.transaction():
            await connection.execute(_LOCK)
            await _copy_portion(connection, people, portion, language)
        show(portion.stop)
    await connection.execute(_VACUUM)


async def write_terms(connection: Connection, post_ids: Sequence[UUID], language: str) -> None:
    """Write the words of these posts, as they are stored now."""
    await connection.execute(_TERMS.sql, *_TERMS.arguments({"ids": post_ids, "language": language}))


async def _connect(stack: AsyncExitStack, url: str) -> Connection:
    connection = await asyncpg.connect(url)
    stack.push_async_callback(connection.close)
    return connection


async def _people(identity: Connection, posts: Connection, like: str) -> list[UUID]:
    """The people, with accounts and author cards. Accounts that were deleted since are not made again."""
    ids = [invented_id(NEWEST, place) for place in range(PEOPLE)]
    names = [f"reader{place + 1:04}" for place in range(PEOPLE)]
    if not await identity.fetch(_PRESENT_USERS, ids):
        async with identity.transaction():
            await identity.execute(_USERS, ids, names, like)
            await identity.execute(_ROLES, ids)
    rows = await identity.fetch(_PRESENT_USERS, ids)
    people = [row["id"] for row in rows]
    await posts.execute(_CARDS, people, [row["username"] for row in rows], NEWEST)
    return people


async def _copy_portion(connection: Connection, people: Sequence[UUID], numbers: range, language: str) -> None:
    ids = {post_id(number): number for number in numbers}
    for row in await connection.fetch(_PRESENT_POSTS, list(ids)):
        del ids[row["id"]]
    if not ids:
        return
    portion = [post_rows(number, people) for number in ids.values()]
    posts = [rows.post for rows in portion]
    await _set_free_slugs(connection, posts)
    await _copy(connection, "posts", posts[0], (tuple(post.values()) for post in posts))
    for statement in (_SLUGS, _TAGS_OF_POSTS, _TAGS):
        await connection.execute(statement, list(ids))
    await write_terms(connection, list(ids), language)
    await _copy(connection, "likes", LIKE_COLUMNS, (like for rows in portion for like in like_rows(rows)))


async def _set_free_slugs(connection: Connection, posts: Sequence[dict[str, Any]]) -> None:
    """Give each post whose slug another one has a slug that begins like it."""
    rows = await connection.fetch(_PRESENT_SLUGS, [post["slug"] for post in posts])
    taken = {row["slug"] for row in rows}
    for post in posts:
        if post["slug"] in taken:
            post["slug"] = another_slug(post["slug"])
        taken.add(post["slug"])


async def _copy(connection: Connection, table: str, columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> None:
    await connection.copy_records_to_table(table, schema_name="posts", columns=list(columns), records=rows)
