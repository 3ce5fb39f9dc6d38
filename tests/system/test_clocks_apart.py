"""Two processes of identity whose clocks differ by four seconds: what is revoked is refused at once all the same."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from deploy.local.processes import end_children, start_child
from tests.support.person import Person
from tests.support.ports import held_port
from tests.support.services import unique
from tests.support.stack import Stack, await_answer
from tests.support.waiting import until
from tests.system.test_revocation import refused

AHEAD_SECONDS = 4
SERVE = f"""
import runpy, sys
from datetime import UTC, datetime, timedelta
from watchword.clock import SystemClock
SystemClock.now = lambda self: datetime.now(UTC) + timedelta(seconds={AHEAD_SECONDS})
sys.argv = ["identity_service", "serve"]
runpy.run_module("identity_service", run_name="__main__", alter_sys=True)
"""


@dataclass
class Replica:
    """Another process of identity; posts is the same."""

    identity: str
    posts: str


@pytest.fixture
def ahead(running: Stack) -> Iterator[Replica]:
    """A process of the same identity service, whose clock is four seconds ahead."""
    with held_port() as port:
        environment = {**running.environment, "IDENTITY_PORT": str(port)}
        child = start_child(
            "identity", [sys.executable, "-c", SERVE], running.home / "ahead.log", environment=environment
        )
        try:
            await_answer(child, f"http://127.0.0.1:{port}/readyz")
            yield Replica(f"http://127.0.0.1:{port}", running.posts)
        finally:
            end_children([child])


class PersonAtReplica(Person):
    """A person whose requests go to this process of identity, which has the URL of the issuer in its tokens."""

    issuer = ""

    async def sign_in(self) -> "Person":
        password = {"grant_type": "password", "username": self.username, "password": "correct horse battery"}
        return await self._get_both(await self._tokens(**password, resource=self.issuer))


@pytest.mark.parametrize("at", ["ahead", "running"])
async def test_an_old_role_is_refused_at_once_whichever_clock_its_token_is_from(
    running: Stack, ahead: Replica, http: httpx.AsyncClient, at: str
) -> None:
    mia = PersonAtReplica(http, ahead if at == "ahead" else running, unique("mia"))
    mia.issuer = running.identity
    await mia.register()
    running.command("identity", "set-roles", mia.username, "user", "moderator")
    await until(lambda: refused(mia))
    await mia.sign_in()
    assert (await mia.publish()).status_code == 201
    running.command("identity", "set-roles", mia.username, "user")
    await until(lambda: refused(mia))
    me = await http.get(f"{running.identity}/users/me", headers=mia.identity_headers)
    assert me.status_code == 401
    await mia.sign_in()
    assert (await mia.publish()).status_code == 201


async def test_an_account_that_a_clock_ahead_has_disabled_is_accepted_once_it_is_enabled(
    running: Stack, ahead: Replica, http: httpx.AsyncClient
) -> None:
    ada = PersonAtReplica(http, ahead, unique("ada"))
    ada.issuer = running.identity
    await ada.register()
    running.command("identity", "disable-user", ada.username)
    await until(lambda: refused(ada))
    running.command("identity", "enable-user", ada.username)
    assert await refused(ada)

    async def publishes_again() -> bool:
        await ada.sign_in()
        return (await ada.publish()).status_code == 201

    await until(publishes_again)
