"""Nothing names a person whose account is deleted, except what is kept for a reason."""

from posts_service.tables import Base
from tests.posts.commenting import comment
from tests.posts.erasing import erase_in
from tests.posts.fates import FATES, NAMES_NOBODY, Fate, columns_that_may_name_people
from tests.posts.moderating import decide, report
from tests.posts.people import Person
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.database import Database
from watchword.testing import Issuer

ACTION = """INSERT INTO posts.moderation_actions (action, actor_id, owner_id, post_id, reason)
    VALUES ('edit', $1::text::uuid, $1::text::uuid, $2::text::uuid, 'A reason')"""


async def rows_of(databases: Databases, person: Person) -> dict[str, int]:
    """For each column that can name somebody, how many rows name this person."""
    numbers = {}
    for column in FATES:
        table, name = column.split(".")
        sql = f"SELECT count(*) AS number FROM posts.{table} WHERE {name}::text = $1"  # noqa: S608
        numbers[column] = (await databases.fetch("posts_app", sql, person.id))[0]["number"]
    return numbers


async def tables_with(databases: Databases, text: str) -> set[str]:
    """The tables of which a row has this text in any column."""
    tables = [table.name for table in Base.metadata.tables.values()]
    any_row = "SELECT FROM posts.{0} row WHERE row::text ILIKE '%' || $1 || '%'"
    return {name for name in tables if await databases.fetch("posts_app", any_row.format(name), text)}


async def act(posts: Posts, databases: Databases, person: Person, other: Person) -> None:
    """Have a person do everything that the service writes down: with what is theirs, and with what is another's."""
    headers = {**person.headers, "Idempotency-Key": "a-key-of-theirs"}
    own = await posts.publish(headers, title="Theirs", body="Zanzibar", tags=["zanzibar"])
    post = await posts.publish(other.headers, tags=["shared"])
    await comment(posts, other, own["id"])
    await comment(posts, person, post["id"], "Zanzibar")
    answered = await comment(posts, person, post["id"], "Zanzibar")
    await comment(posts, other, post["id"], "An answer", answered["id"])
    for liked in (own, post):
        await posts.http.put(f"/posts/{liked['id']}/like", headers=person.headers)
    assert (await report(posts, person, post, "Zanzibar")).status_code == 201
    assert (await report(posts, other, own)).status_code == 201
    others_report = (await report(posts, other, post)).json()
    assert (await decide(posts, person, others_report["id"], state="resolved")).status_code == 200
    for title in ("Theirs", "Others"):
        url, reason = f"/posts/{post['id']}", {"reason": "A reason"}
        edit = posts.http.patch(url, json={"title": title}, params=reason, headers=person.headers)
        assert (await edit).status_code == 200
    await databases.execute("posts_app", ACTION, person.id, post["id"])


def test_of_each_column_that_may_name_somebody_it_is_said_what_becomes_of_it() -> None:
    assert columns_that_may_name_people() == FATES.keys() | NAMES_NOBODY


async def test_of_a_deleted_account_is_left_what_is_kept_for_a_reason(
    posts: Posts, databases: Databases, other: Database, issuer: Issuer, moderator: Person, ada: Person
) -> None:
    await act(posts, databases, moderator, ada)
    before = await rows_of(databases, moderator)
    assert {name for name, number in before.items() if number == 0} == {"revocations.key"}
    await erase_in(other, posts, moderator)
    after = await rows_of(databases, moderator)
    staying = {name for name, fate in FATES.items() if fate is Fate.STAYS}
    assert {name for name, number in after.items() if number} == staying
    assert after["moderation_actions.actor_id"] == before["moderation_actions.actor_id"]
    assert await tables_with(databases, moderator.id) == {name.split(".")[0] for name in staying}
    for text in (moderator.username, "zanzibar"):
        assert await tables_with(databases, text) <= {"tags"}
    page = (await posts.http.get("/posts")).json()["items"]
    assert [(item["likes"], item["comments"]) for item in page] == [(0, 1)]
    tags = await databases.fetch("posts_app", "SELECT name, posts FROM posts.tags ORDER BY name")
    assert [tuple(row) for row in tags] == [("shared", 1), ("zanzibar", 0)]
