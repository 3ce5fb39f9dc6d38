"""Fill the schema of posts with a given number of posts, most of them by nobody in particular."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from deploy.local.demo_copy import PEOPLE, copy_posts, write_terms
from deploy.local.demo_rows import post_id
from tests.support.databases import DATABASE, Databases, connected

LANGUAGE = "english"
TAG = "tuesdays"
"""Half of all posts have it."""
WORDS = ("tuesday", "reykjavik", "quokka")
"""Words of half of all posts, of one in a hundred, and of ten."""
POSTS_WITH_THE_RAREST_WORD = 10

CARDS = "INSERT INTO posts.authors (id, username, named_at) SELECT id, 'somebody', now() FROM unnest($1::uuid[]) AS id"
ADD_WORD = "UPDATE posts.posts SET body = body || ' A ' || $2 || ' is seen.' WHERE id = ANY($1)"
COUNTS = "SELECT (SELECT count(*) FROM posts.posts) AS posts, (SELECT count(*) FROM posts.likes) AS likes"
MATCHES = "SELECT count(*) FROM posts.post_terms WHERE terms @@ to_tsquery('english', $1)"


@dataclass(frozen=True)
class Counts:
    posts: int
    likes: int
    matches: dict[str, int]
    """How many posts have each of the words."""

    def __str__(self) -> str:
        return f"{self.posts:,} posts with {self.likes:,} likes"


async def fill(databases: Databases, author: UUID, size: int) -> Counts:
    """Add posts up to this number. The author, who has a card, writes a quarter of them."""
    others = [uuid4() for _ in range(PEOPLE - 1)]
    async with connected(databases.server.superuser_url(DATABASE)) as connection:
        await connection.execute(CARDS, others)
        await copy_posts(connection, [author, *others], range(size), LANGUAGE)
        rare = [post_id(number) for number in range(0, size, size // POSTS_WITH_THE_RAREST_WORD)]
        await connection.execute(ADD_WORD, rare, WORDS[-1])
        await write_terms(connection, rare, LANGUAGE)
        [counts] = await connection.fetch(COUNTS)
        return Counts(**counts, matches={word: await connection.fetchval(MATCHES, word) for word in WORDS})
