"""Browsers of the kinds of people who open the pages of the administration."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from identity_service.administration import AccountDraft, Administration
from tests.identity.browsing import Browsing, browsing
from tests.identity.signing_on import COOKIE
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity

AGE = """
    UPDATE identity.sign_ons SET authenticated_at = authenticated_at - interval '11 minutes'
    FROM identity.users WHERE users.id = user_id AND username = $1
"""


async def make_administrator(identity: Identity, username: str) -> None:
    draft = AccountDraft(username, f"{username}@example.com", PASSWORD)
    assert await Administration(identity.parts).create_administrator(draft)


async def let_age(databases: Databases, username: str) -> None:
    """Let the sign-ons of this person be older than what an important act takes."""
    await databases.execute("identity_owner", AGE, username)


@asynccontextmanager
async def administrator(identity: Identity, username: str = "grace") -> AsyncIterator[Browsing]:
    """The browser of an administrator, who has just signed on."""
    await make_administrator(identity, username)
    async with browsing(identity) as browser:
        await browser.sign_on(username)
        yield browser


@asynccontextmanager
async def everybody(identity: Identity, databases: Databases) -> AsyncIterator[dict[str, Browsing]]:
    """A browser of each kind of person, by its name in the matrix."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        people = {
            "anonymous": await enter(browsing(identity)),
            "user": await enter(browsing(identity, "ada")),
            "moderator": await enter(browsing(identity, "mary")),
            "administrator": await enter(administrator(identity)),
            "old": await enter(administrator(identity, "vera")),
            "ended": await enter(administrator(identity, "edna")),
            "disabled": await enter(administrator(identity, "former")),
        }
        await Administration(identity.parts).set_roles("mary", ["user", "moderator"])
        await let_age(databases, "vera")
        await identity.parts.sign_ons.end(people["ended"].http.cookies[COOKIE])
        await Administration(identity.parts).set_active("former", False)
        yield people
