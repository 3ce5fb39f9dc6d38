"""The texts of scopes that `setup` has stored once, and that migrations change."""

from collections.abc import Iterator

import pytest
from alembic import command

from identity_service.installation import POSTS_SCOPES
from identity_service.schema import MIGRATIONS
from tests.support.databases import Databases
from tests.support.fresh import Fresh

INSERT = """
    INSERT INTO identity.services (audience, name) VALUES ('http://posts.example', 'Posts');
    INSERT INTO identity.service_scopes (scope, audience, description)
    VALUES ('posts:write', 'http://posts.example', 'Write, change and delete your posts')
"""
TEXTS = "SELECT replace(description, ' ', '_') FROM identity.service_scopes WHERE scope = 'posts:write'"


@pytest.fixture
def fresh(databases: Databases) -> Iterator[Fresh]:
    """A database with the scope of posts as the release before the migration has stored it."""
    fresh = Fresh(databases)
    url = fresh.url("identity_owner")
    MIGRATIONS.upgrade(url)
    command.downgrade(MIGRATIONS.config(url), "0028")
    fresh.ask(INSERT)
    yield fresh
    fresh.drop()


def test_the_scope_of_posts_says_what_it_allows_and_downgrade_puts_the_former_text_back(fresh: Fresh) -> None:
    config = MIGRATIONS.config(fresh.url("identity_owner"))
    command.upgrade(config, "0029")
    assert fresh.ask(TEXTS) == [POSTS_SCOPES["posts:write"].replace(" ", "_")]
    command.downgrade(config, "0028")
    assert fresh.ask(TEXTS) == ["Write,_change_and_delete_your_posts"]


def test_a_text_of_a_scope_that_an_operator_wrote_stays(fresh: Fresh) -> None:
    config = MIGRATIONS.config(fresh.url("identity_owner"))
    fresh.ask("UPDATE identity.service_scopes SET description = 'Ours'")
    command.upgrade(config, "0029")
    assert fresh.ask(TEXTS) == ["Ours"]
