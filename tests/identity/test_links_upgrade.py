"""The previous release runs beside the migrations of links: what it writes needs none of their columns."""

import pytest

from identity_service.schema import MIGRATIONS
from tests.identity.test_full_name import INSERT
from tests.support.databases import Databases
from tests.support.fresh import Fresh

PREVIOUS = "0012"
SIGNS_IN_UNVERIFIED = (
    "SELECT username FROM identity.users WHERE email_verified_at IS NULL AND NOT awaits_verification ORDER BY 1"
)


@pytest.mark.parametrize("revision", ["0013", "0014"])
def test_accounts_of_before_and_of_the_previous_release_beside_sign_in_unverified(
    databases: Databases, revision: str
) -> None:
    fresh = Fresh(databases)
    try:
        MIGRATIONS.upgrade(fresh.url("identity_owner"), PREVIOUS)
        fresh.ask(INSERT.format("ada"))
        MIGRATIONS.upgrade(fresh.url("identity_owner"), revision)
        fresh.ask(INSERT.format("eve"))
        assert fresh.ask(SIGNS_IN_UNVERIFIED) == ["ada", "eve"]
        fresh.ask("UPDATE identity.users SET password_hash = 'y', email = 'other@example.com' WHERE username = 'ada'")
        fresh.ask("DELETE FROM identity.users")
    finally:
        fresh.drop()
