"""The tables of the peers and of the limits, in a schema of their own beside those of the services."""

import asyncpg
import bcrypt

from tests.support.databases import DATABASE, Databases
from tests.support.services import PASSWORD

# Indexes as posts_service has them for the same lists.
TABLES = """
CREATE SCHEMA peers AUTHORIZATION posts_app;
CREATE TABLE peers.users (
    id uuid PRIMARY KEY,
    username varchar NOT NULL UNIQUE,
    email varchar(320) NOT NULL UNIQUE,
    hashed_password varchar(1024) NOT NULL,
    is_active boolean NOT NULL,
    is_superuser boolean NOT NULL,
    is_verified boolean NOT NULL
);
CREATE TABLE peers.posts (LIKE posts.posts INCLUDING DEFAULTS);
ALTER TABLE peers.posts ADD PRIMARY KEY (id), ADD FOREIGN KEY (author_id) REFERENCES peers.users;
CREATE INDEX ON peers.posts (published_at, id) WHERE state = 'published';
CREATE INDEX ON peers.posts (author_id, published_at, id) WHERE state = 'published';
CREATE SCHEMA bench AUTHORIZATION posts_app;
CREATE TABLE bench.chains (id uuid PRIMARY KEY DEFAULT uuidv7(), spent_at timestamptz);
GRANT ALL ON ALL TABLES IN SCHEMA peers, bench TO posts_app;
"""
USERS = """
INSERT INTO peers.users SELECT id, username, username || '@example.com', $1, true, false, true FROM posts.authors
"""
POSTS = "INSERT INTO peers.posts SELECT * FROM posts.posts"


async def make_tables(databases: Databases, rounds: int = 12) -> None:
    """Create the tables, and copy the authors and the posts that there are; every password is `PASSWORD`."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds)).decode()
    connection = await asyncpg.connect(databases.server.superuser_url(DATABASE))
    try:
        await connection.execute(TABLES)
        await connection.execute(USERS, hashed)
        await connection.execute(POSTS)
        await connection.execute("VACUUM ANALYZE peers.users, peers.posts")
    finally:
        await connection.close()
