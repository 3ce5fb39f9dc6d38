"""Restoring a database builds its indexes in another order, and they refuse in that order."""

import pytest

from identity_service.administration import AccountDraft, Administration
from identity_service.errors import EmailTaken
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD

ADMIN = AccountDraft("root-of-all", "root@example.com", PASSWORD)


async def test_existing_administrator_is_recognized_whichever_index_refuses(
    databases: Databases, identity: services.Identity
) -> None:
    assert await Administration(identity.parts).create_administrator(ADMIN)
    await databases.execute("identity_owner", "DROP INDEX identity.users_username_key")
    await databases.execute(
        "identity_owner", "CREATE UNIQUE INDEX users_username_key ON identity.users (lower(username))"
    )
    assert not await Administration(identity.parts).create_administrator(ADMIN)
    with pytest.raises(EmailTaken):
        await Administration(identity.parts).create_administrator(ADMIN._replace(username="somebody-else"))
