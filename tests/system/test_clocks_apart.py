"""Two processes of identity whose clocks differ by four seconds: what is revoked is refused at once all the same."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.clocks import PersonAtReplica, ReplicaAhead, ahead_of
from tests.support.services import unique
from tests.support.stack import Stack
from tests.support.waiting import until
from tests.system.test_revocation import refused


@pytest.fixture
def ahead(running: Stack) -> Iterator[ReplicaAhead]:
    with ahead_of(running) as replica:
        yield replica


@pytest.mark.parametrize("at", ["ahead", "running"])
async def test_an_old_role_is_refused_at_once_whichever_clock_its_token_is_from(
    running: Stack, ahead: ReplicaAhead, http: httpx.AsyncClient, at: str
) -> None:
    mia = PersonAtReplica(http, ahead if at == "ahead" else running, unique("mia"))
    mia.issuer = running.identity
    await mia.register()
    running.command("identity", "users", "set-roles", mia.username, "user", "moderator")
    await until(lambda: refused(mia))
    await mia.sign_in()
    assert (await mia.publish()).status_code == 201
    running.command("identity", "users", "set-roles", mia.username, "user")
    await until(lambda: refused(mia))
    me = await http.get(f"{running.identity}/users/me", headers=mia.identity_headers)
    assert me.status_code == 401
    await mia.sign_in()
    assert (await mia.publish()).status_code == 201


async def test_an_account_that_a_clock_ahead_has_disabled_is_accepted_once_it_is_enabled(
    running: Stack, ahead: ReplicaAhead, http: httpx.AsyncClient
) -> None:
    ada = PersonAtReplica(http, ahead, unique("ada"))
    ada.issuer = running.identity
    await ada.register()
    running.command("identity", "users", "disable", ada.username)
    await until(lambda: refused(ada))
    running.command("identity", "users", "enable", ada.username)
    assert await refused(ada)

    async def publishes_again() -> bool:
        await ada.sign_in()
        return (await ada.publish()).status_code == 201

    await until(publishes_again)
