"""A database that was restored has its indexes in another order, and with it the order in which they refuse."""

import pytest

from identity_service.administration import Administration
from identity_service.errors import EmailTaken
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD

ADMIN = "root-of-all", "root@example.com", PASSWORD


async def test_admin_is_there_already_whichever_index_says_so(
    databases: Databases, identity: services.Identity
) -> None:
    assert await Administration(identity.parts).create_administrator(*ADMIN)
    await databases.fetch("identity_owner", "DROP INDEX identity.users_username_key")
    await databases.fetch(
        "identity_owner", "CREATE UNIQUE INDEX users_username_key ON identity.users (lower(username))"
    )
    assert not await Administration(identity.parts).create_administrator(*ADMIN)
    with pytest.raises(EmailTaken):
        await Administration(identity.parts).create_administrator("somebody-else", *ADMIN[1:])
