"""A network that is cut without a word, and strangers in the same database: what is revoked is refused."""

from collections.abc import Iterator

import asyncpg
import pytest

from tests.shared.receivers import receiving, refuses, session
from tests.shared.ssf import Transmitter
from tests.support.cuts import Proxy, proxy_to
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.events import EventType, SilencePolicy

RECEIVER_LOCK = "SELECT pg_advisory_lock(hashtextextended('posts receiver', 0))"
FORGERIES = (
    '{"remove": ["session", "s"]}',
    '{"remove": ["session", "s"], "placed": true}',
    '{"add": ["session", "t", 9007199254740992, 1e10]}',
    '{"add": ["session", "t", 9007199254740992, 1e10], "placed": true}',
    '{"heard": 4000000000.0, "has_more": false}',
    "",
    "[]",
    "null",
    '{"add": 5}',
    "\N{PILE OF POO}",
    "{",
)


@pytest.fixture(autouse=True)
def real_time_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchword.database.statement_connection.CONNECT_TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr("watchword.database.statement_connection.STATEMENT_TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr("watchword.database.connections.CONNECT_TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr("watchword.database.database.COMMAND_TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr("watchword.database.notifications.CHECK_TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr("watchword.events.transmitter_client.POLL_TIMEOUT_SECONDS", 1.5)


@pytest.fixture
def to_postgres(databases: Databases) -> Iterator[Proxy]:
    with proxy_to(databases.server.port) as proxy:
        yield proxy


@pytest.fixture
def through_it(databases: Databases, to_postgres: Proxy) -> Databases:
    """The same databases, reached through the proxy."""

    class Proxied(Databases):
        def url(self, role: str) -> str:
            return databases.url(role).replace(f":{databases.server.port}/", f":{to_postgres.port}/")

    return Proxied(databases.server, databases.passwords)


async def test_a_process_whose_connections_to_the_database_are_cut_refuses_what_others_count_as_obeyed(
    databases: Databases, transmitter: Transmitter, to_postgres: Proxy, through_it: Databases
) -> None:
    async with (
        receiving(databases, transmitter, client_id="first"),
        receiving(through_it, transmitter, client_id="second") as second,
    ):
        await until(second.is_current)
        assert to_postgres.cut() >= 2
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        assert refuses(second, session_id="s") or not second.is_current()
        await second.catch_up()
        assert refuses(second, session_id="s")
    assert set(transmitter.tokens.values()) == {transmitter.pollers[0]}


async def test_another_process_polls_when_the_one_that_did_is_cut_off_from_the_database(
    databases: Databases, transmitter: Transmitter, to_postgres: Proxy, through_it: Databases
) -> None:
    async with (
        receiving(through_it, transmitter, client_id="first") as first,
        receiving(databases, transmitter, client_id="second") as second,
    ):
        to_postgres.cut_all()
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        assert refuses(second, session_id="s")
        assert not first.is_current()
        to_postgres.heal()
        await until(first.is_current)
        assert refuses(first, session_id="s")
    assert len(set(transmitter.pollers)) == 2


async def test_a_dead_connection_that_listens_is_replaced(
    databases: Databases, transmitter: Transmitter, to_postgres: Proxy, through_it: Databases
) -> None:
    async with receiving(through_it, transmitter) as receiver:
        for name in ("s", "t"):
            to_postgres.cut()
            jti = transmitter.send(EventType.SESSION_REVOKED, session(name))
            await until(lambda jti=jti: transmitter.is_settled(jti))  # type: ignore[misc]
            assert refuses(receiver, session_id=name)


async def test_a_poll_on_a_dead_connection_is_given_up_and_another_one_goes_on(
    databases: Databases, transmitter: Transmitter
) -> None:
    with proxy_to(transmitter.port) as to_issuer:
        address = f"http://127.0.0.1:{to_issuer.port}"
        async with receiving(databases, transmitter, issuer_address=address) as receiver:
            for name in ("s", "t"):
                waits = len(transmitter.long_polls)
                await until(lambda waits=waits: any(transmitter.long_polls[waits:]))  # type: ignore[misc]
                to_issuer.cut()
                jti = transmitter.send(EventType.SESSION_REVOKED, session(name))
                await until(lambda jti=jti: transmitter.is_settled(jti))  # type: ignore[misc]
                assert refuses(receiver, session_id=name)
    # The access token is kept.
    assert transmitter.calls["token"] == 1


async def test_a_process_that_cannot_reach_the_transmitter_lets_another_one_poll(
    databases: Databases, transmitter: Transmitter
) -> None:
    with proxy_to(transmitter.port) as to_issuer:
        address = f"http://127.0.0.1:{to_issuer.port}"
        async with (
            receiving(databases, transmitter, client_id="first", issuer_address=address) as first,
            receiving(databases, transmitter, client_id="second"),
        ):
            to_issuer.cut_all()
            jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
            await until(lambda: transmitter.is_settled(jti))
            assert refuses(first, session_id="s")
    assert len(set(transmitter.pollers)) == 2


async def test_a_transmitter_that_holds_polls_for_longer_is_polled_each_second(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tests.shared.ssf.LONG_POLL_SECONDS", 60.0)
    monkeypatch.setattr("watchword.events.transmitter_client.POLL_TIMEOUT_SECONDS", 0.3)
    async with receiving(databases, transmitter) as receiver:
        await until(lambda: "polled each second instead" in caplog.text)
        waits = transmitter.long_polls.count(True)
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        assert refuses(receiver, session_id="s")
        assert transmitter.long_polls.count(True) == waits


async def test_everything_is_asked_for_at_once_after_another_poll_has_ended_the_one_that_waited(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other poll may have been given events, which a poll that waits does not bring again for a while."""
    monkeypatch.setattr("tests.shared.ssf.LONG_POLL_SECONDS", 60.0)
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.long_polls[-1:] == [True])
        polls = len(transmitter.long_polls)
        transmitter.answer_polls()
        await until(lambda: len(transmitter.long_polls) > polls)
        assert not transmitter.long_polls[polls]


async def test_polls_that_nothing_has_ended_go_on_waiting(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.shared.ssf.LONG_POLL_SECONDS", 1.0)
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.long_polls[-1:] == [True])
        polls = len(transmitter.long_polls)
        await until(lambda: len(transmitter.long_polls) >= polls + 2)
        assert all(transmitter.long_polls[polls:])


@pytest.mark.parametrize("role", ["identity_app", "posts_app"])
async def test_no_notification_changes_what_is_refused_or_hides_silence(
    databases: Databases, transmitter: Transmitter, role: str
) -> None:
    silence = SilencePolicy(0.001, refuse_writes=True)
    async with receiving(databases, transmitter, silence=silence) as receiver:
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        await transmitter.stop()
        await until(receiver.is_silent)
        heard_at = receiver.last_contact_at
        for payload in FORGERIES:
            for channel in ("posts_revocations", "posts_receiver_signals"):
                await databases.fetch(role, "SELECT pg_notify($1, $2)", channel, payload)
        await receiver.load()
        assert [refuses(receiver, session_id=name) for name in ("s", "t")] == [True, False]
        assert (receiver.is_silent(), receiver.last_contact_at) == (True, heard_at)


async def test_who_takes_the_lock_of_the_previous_release_keeps_nobody_from_polling(
    databases: Databases, transmitter: Transmitter
) -> None:
    stranger = await asyncpg.connect(databases.url("identity_app"))
    await stranger.execute(RECEIVER_LOCK)
    async with receiving(databases, transmitter) as receiver:
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        assert refuses(receiver, session_id="s")
    await stranger.close()
