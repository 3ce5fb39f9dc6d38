"""The data of the measurement of growth: as many users and posts as it says, and a cursor into them."""

from posts_service.posts.cursor import Cursor
from posts_service.posts.post_query import PostQuery, Sort
from posts_service.posts.reading_statements import position_at
from tests.bench.growth_data import cursor_after, grow
from tests.support.databases import Databases

ADA = "INSERT INTO identity.users (username, email, password_hash) VALUES ('ada', 'ada@example.com', 'a hash')"
COUNTS = """
SELECT (SELECT count(*) FROM identity.users) AS users, (SELECT count(*) FROM identity.user_roles) AS roles,
       (SELECT count(*) FROM posts.authors) AS authors, (SELECT count(*) FROM posts.posts) AS posts,
       (SELECT max(count) FROM (SELECT count(*) FROM posts.posts GROUP BY author_id)) AS most_of_one
"""
FEED = "SELECT published_at, id FROM posts.posts ORDER BY published_at DESC, id DESC"


async def test_there_are_as_many_users_and_posts_as_asked_for_and_no_author_has_written_them_all(
    databases: Databases,
) -> None:
    await databases.empty("identity", "roles", "role_permissions")
    await databases.empty("posts")
    await databases.execute("identity_owner", ADA)
    for before, size in ((0, 20), (20, 50)):
        await grow(databases, before, size)
        (row,) = await databases.fetch_as_superuser(COUNTS)
        counts = {"users": size + 1, "roles": size, "authors": size, "posts": size}
        assert {**counts, "most_of_one": row["most_of_one"]} == dict(row)
        assert row["most_of_one"] <= size * 2 // 3


async def test_a_cursor_leads_to_the_posts_after_so_many(databases: Databases) -> None:
    await databases.empty("identity", "roles", "role_permissions")
    await databases.empty("posts")
    await databases.execute("identity_owner", ADA)
    await grow(databases, 0, 30)
    feed = [(row["published_at"], row["id"]) for row in await databases.fetch("posts_owner", FEED)]
    cursor = Cursor.parse(await cursor_after(databases, 10), PostQuery().list_name)
    position = position_at(cursor, Sort.NEWEST)
    assert position == feed[9]
    assert [each for each in feed if each < position] == feed[10:]
