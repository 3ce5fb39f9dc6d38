"""`make demo N=…`: many posts, with their tags and likes, copied into the tables of a running installation."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Uuid, any_, bindparam

from deploy.common import DATABASE_URLS, CommandFailed
from deploy.local.demo_rows import LIKE_COLUMNS, NEWEST, PostRows, invented_id, like_rows, post_id, post_rows
from identity_service.roles.repository import DEFAULT_ROLE
from posts_service.posts.models import Post
from posts_service.search import repository as search
from posts_service.settings import Settings
from posts_service.slugs.slug import another_slug
from watchword.database.statements import Statement
from watchword.service.variables import Variables

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
JOIN identity.users AS account ON lower(account.username) = lower($3)
ON CONFLICT DO NOTHING
"""
_ROLES: Final = """
INSERT INTO identity.user_roles (user_id, role) SELECT id, $2 FROM identity.users WHERE id = ANY($1)
"""
_PRESENT_USERS: Final = "SELECT id, username FROM identity.users WHERE id = ANY($1) ORDER BY id"
_CARDS: Final = """
INSERT INTO posts.authors (id, username, named_at) SELECT *, $3 FROM unnest($1::uuid[], $2::text[])
ON CONFLICT DO NOTHING
"""
# An erasure locks cards before everything else too.
_LOCK_CARDS: Final = "SELECT FROM posts.authors WHERE id = ANY($1) ORDER BY id FOR KEY SHARE"
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


async def copy_demo(environment: Mapping[str, str], model_username: str, count: int, show: Progress) -> None:
    """Add `count` posts by a thousand people, whose password is that of the account with this username. Posts that
    exist already stay as they are, and those that were deleted come back. `show` gets how many there are. Raises
    CommandFailed."""
    try:
        async with AsyncExitStack() as stack:
            identity, posts = [
                await _connect(stack, environment[DATABASE_URLS[role]]) for role in ("identity_owner", "posts_owner")
            ]
            people = await _people(identity, posts, model_username)
            await copy_posts(posts, people, range(count), _language(environment), show)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CommandFailed(f"copying has failed, and can be repeated: {error}") from error


async def copy_posts(
    connection: Connection, people: Sequence[UUID], numbers: range, language: str, show: Progress = lambda _: None
) -> None:
    """Write the posts of these numbers that are missing, portion by portion, by these people, who have author cards.
    `show` gets how many of the numbers have been looked at, counted from 0."""
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


def _language(environment: Mapping[str, str]) -> str:
    """The language of posts, as the service finds it."""
    file = environment.get("WATCHWORD_ENV_FILE")
    value = Variables(environment, Path(file) if file else None, None).find("POSTS_SEARCH_LANGUAGE")
    return str(Settings.model_fields["search_language"].default) if value is None else value.text


async def _people(identity: Connection, posts: Connection, model_username: str) -> list[UUID]:
    """The people, with accounts and author cards. Accounts that were deleted since are made again only if all were."""
    # Apart from the ids of posts.
    ids = [invented_id(NEWEST + timedelta(days=1), place) for place in range(PEOPLE)]
    names = [f"reader{place + 1:04}" for place in range(PEOPLE)]
    async with identity.transaction():
        await identity.execute(_LOCK)
        if not await identity.fetch(_PRESENT_USERS, ids):
            await identity.execute(_USERS, ids, names, model_username)
            await identity.execute(_ROLES, ids, DEFAULT_ROLE)
        rows = await identity.fetch(_PRESENT_USERS, ids)
    if not rows:
        raise CommandFailed(f"there is no account {model_username}, whose password the others would have")
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
    await connection.execute(_LOCK_CARDS, list({*(post["author_id"] for post in posts), *_likers(portion)}))
    await _set_free_slugs(connection, posts)
    await _copy(connection, "posts", posts[0], (tuple(post.values()) for post in posts))
    for statement in (_SLUGS, _TAGS_OF_POSTS):
        await connection.execute(statement, list(ids))
    await write_terms(connection, list(ids), language)
    await _copy(connection, "likes", LIKE_COLUMNS, (like for rows in portion for like in like_rows(rows)))
    # Last: all who publish share these rows.
    await connection.execute(_TAGS, list(ids))


def _likers(portion: Sequence[PostRows]) -> Iterator[UUID]:
    for rows in portion:
        yield from rows.likers


async def _set_free_slugs(connection: Connection, posts: Sequence[dict[str, Any]]) -> None:
    """Give each post whose slug another one has a slug that begins like it."""
    taken = await _present_slugs(connection, posts)
    unique: set[str] = set()
    for post in posts:
        while post["slug"] in taken or post["slug"] in unique:
            post["slug"] = another_slug(post["slug"])
        unique.add(post["slug"])
    # A slug that was made now may be taken too.
    if await _present_slugs(connection, posts):
        await _set_free_slugs(connection, posts)


async def _present_slugs(connection: Connection, posts: Sequence[dict[str, Any]]) -> set[str]:
    return {row["slug"] for row in await connection.fetch(_PRESENT_SLUGS, [post["slug"] for post in posts])}


async def _copy(connection: Connection, table: str, columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> None:
    await connection.copy_records_to_table(table, schema_name="posts", columns=list(columns), records=rows)
