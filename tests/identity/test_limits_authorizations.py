"""How many codes an account may get: each makes a session."""

import pytest

from tests.identity.authorizing import application, authorize
from tests.identity.browsing import browsing
from tests.support import services
from tests.support.databases import Databases
from tests.support.limits import exact_counts

__all__ = ["exact_counts"]


@pytest.mark.usefixtures("exact_counts")
async def test_account_that_signs_in_to_applications_too_often_is_told_to_come_later(
    clean_databases: Databases,
) -> None:
    async with services.identity(clean_databases, limit_authorizations="2/9000") as identity:
        app = await application(identity)
        async with browsing(identity, "ada") as ada, browsing(identity, "bob") as bob:
            answers = [await authorize(browser, app) for browser in (ada, ada, ada, bob)]
    assert [answer.get("error") for answer in answers] == [None, None, "temporarily_unavailable", None]
    codes = await clean_databases.fetch("identity_app", "SELECT FROM identity.authorization_codes")
    assert len(codes) == 3
