"""The roles that the migrations seed."""

from collections.abc import Iterator

import pytest
from alembic import command

from identity_service.roles.permissions import ADMINISTER
from identity_service.schema import MIGRATIONS
from posts_service.posts.policy import Permission
from tests.support.databases import Databases
from tests.support.fresh import Fresh

UNREAD = ["audit:read", "comment:delete_any", "key:rotate", "post:unpublish_any", "user:manage"]
PERMISSIONS = "SELECT permission FROM identity.role_permissions WHERE role = 'admin' ORDER BY permission"
DESCRIPTIONS = "SELECT replace(description, ' ', '_') FROM identity.roles ORDER BY name"


@pytest.fixture
def fresh(databases: Databases) -> Iterator[Fresh]:
    fresh = Fresh(databases)
    MIGRATIONS.upgrade(fresh.url("identity_owner"))
    yield fresh
    fresh.drop()


async def test_every_seeded_permission_is_read_by_some_code(databases: Databases) -> None:
    rows = await databases.fetch("identity_owner", "SELECT DISTINCT permission FROM identity.role_permissions")
    assert {row["permission"] for row in rows} == {*Permission, ADMINISTER}


def test_downgrade_puts_the_permissions_and_texts_back_and_upgrade_takes_them_away(fresh: Fresh) -> None:
    config = MIGRATIONS.config(fresh.url("identity_owner"))
    command.downgrade(config, "0004")
    permissions, texts = fresh.ask(PERMISSIONS), fresh.ask(DESCRIPTIONS)
    command.downgrade(config, "0003")
    assert fresh.ask(PERMISSIONS) == sorted([*permissions, *UNREAD])
    assert "May_do_everything_that_somebody_must" in fresh.ask(DESCRIPTIONS)
    command.upgrade(config, "0004")
    assert (fresh.ask(PERMISSIONS), fresh.ask(DESCRIPTIONS)) == (permissions, texts)


def test_description_that_an_operator_wrote_stays(fresh: Fresh) -> None:
    config = MIGRATIONS.config(fresh.url("identity_owner"))
    fresh.ask("UPDATE identity.roles SET description = 'Ours' WHERE name = 'moderator'")
    command.downgrade(config, "0003")
    command.upgrade(config, "0004")
    assert "Ours" in fresh.ask(DESCRIPTIONS)


def test_downgrade_minds_what_an_operator_did_to_roles_and_permissions(fresh: Fresh) -> None:
    config = MIGRATIONS.config(fresh.url("identity_owner"))
    fresh.ask("DELETE FROM identity.roles WHERE name = 'moderator'")
    fresh.ask("INSERT INTO identity.role_permissions (role, permission) VALUES ('admin', 'audit:read')")
    command.downgrade(config, "0003")
    assert set(UNREAD) <= set(fresh.ask(PERMISSIONS))
    command.upgrade(config, "0004")


def test_roles_get_the_permissions_of_moderation_where_an_operator_has_left_them_as_seeded(fresh: Fresh) -> None:
    config = MIGRATIONS.config(fresh.url("identity_owner"))
    command.downgrade(config, "0027")
    assert fresh.ask(PERMISSIONS) == ["post:delete_any", "post:edit_any"]
    assert "May_edit_and_delete_the_posts_of_others" in fresh.ask(DESCRIPTIONS)
    fresh.ask("DELETE FROM identity.role_permissions WHERE role = 'moderator' AND permission = 'post:delete_any'")
    fresh.ask("UPDATE identity.roles SET description = 'Ours' WHERE name = 'moderator'")
    fresh.ask("INSERT INTO identity.role_permissions (role, permission) VALUES ('admin', 'post:unpublish_any')")
    command.upgrade(config, "0028")
    assert fresh.ask(PERMISSIONS) == sorted(Permission)
    assert fresh.ask(PERMISSIONS.replace("admin", "moderator")) == ["post:edit_any"]
    assert "Ours" in fresh.ask(DESCRIPTIONS)
