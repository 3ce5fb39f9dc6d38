"""People whose accounts are disabled, and what becomes of what they have scheduled."""

from typing import Any, Final

from tests.posts.people import Person
from tests.posts.test_events import is_refused
from tests.posts.test_scheduled import ahead, run_jobs
from tests.support.databases import Databases
from tests.support.services import Posts
from watchword.events.types import EventType

DISABLED: Final = EventType.ACCOUNT_DISABLED
ENABLED: Final = EventType.ACCOUNT_ENABLED
_IS_DISABLED: Final = "SELECT is_disabled FROM posts.authors WHERE id = $1::text::uuid"
_POST: Final = "SELECT state, publish_at, version FROM posts.posts WHERE id = $1::text::uuid"


async def schedule(posts: Posts, author: Person, **members: Any) -> dict[str, Any]:
    return await posts.publish(author.headers, published_at=ahead(days=1), **members)


async def forget(databases: Databases) -> None:
    """Delete what the receiver has kept, as after an hour: only cards say then whose account is disabled."""
    await databases.execute("posts_app", "DELETE FROM posts.revocations")


async def outcome(posts: Posts, databases: Databases, post: dict[str, Any]) -> tuple[str, bool, int]:
    """The post after its job: its state, whether it is scheduled, and its version."""
    await run_jobs(posts, databases)
    [row] = await databases.fetch("posts_app", _POST, post["id"])
    return row["state"], row["publish_at"] is not None, row["version"]


async def is_disabled(databases: Databases, author: Person) -> bool:
    [row] = await databases.fetch("posts_app", _IS_DISABLED, author.id)
    return bool(row["is_disabled"])


async def is_accepted(posts: Posts, person: Person) -> bool:
    return not await is_refused(posts, person)
