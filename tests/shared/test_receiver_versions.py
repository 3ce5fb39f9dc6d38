"""Events of an issuer that counts its changes: versions decide, in every process and after a restart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import pytest

from tests.shared.receivers import receiving, refuses, user
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.events import EventType, Receiver
from watchword.events.types import role_changed_type, supported_by

NOTIFY = "SELECT pg_notify('posts_revocations', $1)"
ROWS = "SELECT kind, key, valid_from, version, except_sid FROM posts.revocations ORDER BY kind"
AT = 1_000_000_000
REVOKE_AS_THE_PREVIOUS_RELEASE = """INSERT INTO posts.revocations (kind, key, valid_from, expires_at)
    VALUES ('claims', 'ada', 1001, now() + interval '1 hour')"""
UNPLACED = "SELECT FROM posts.revocations WHERE position IS NULL"
SPARE = {"ver": 6, "except_sid": "s", "event_timestamp": AT}
EDITOR = frozenset({"editor"})


async def deliver(transmitter: Transmitter, kind: str, sub_id: Any, **body: Any) -> None:
    jti = transmitter.send(kind, sub_id, events={kind: body})
    await until(lambda: transmitter.is_settled(jti))
    assert transmitter.acknowledged[-1] == jti


def refused(receiver: Receiver, *versions: int, session_id: str = "t") -> list[bool]:
    """Whether tokens of Ada's with these versions are refused; they were issued long after the events."""
    return [refuses(receiver, "ada", session_id, issued_at=2 * AT, version=version) for version in versions]


async def test_version_of_an_event_decides_and_not_its_time(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter) as receiver:
        ada = user(transmitter, "ada")
        await deliver(transmitter, EventType.TOKEN_CLAIMS_CHANGE, ada, ver=5, event_timestamp=AT)
        await until(lambda: refused(receiver, 4, 5) == [True, False])
        assert not refuses(receiver, "ada", issued_at=AT - 60, version=5)
        assert not refuses(receiver, "grace")


@pytest.mark.parametrize("ver", [None, True, -1, 0, "5", 5.0, [5], 2**53])
async def test_event_without_a_version_that_counts_decides_by_its_time(
    databases: Databases, transmitter: Transmitter, ver: Any
) -> None:
    async with receiving(databases, transmitter) as receiver:
        ada = user(transmitter, "ada")
        await deliver(transmitter, EventType.TOKEN_CLAIMS_CHANGE, ada, ver=ver, event_timestamp=AT)
        await until(lambda: refuses(receiver, "ada", issued_at=AT - 1, version=9))
        assert not refuses(receiver, "ada", issued_at=AT, version=0)


async def test_all_sessions_but_one_are_refused_in_every_process_and_after_a_restart(
    databases: Databases, transmitter: Transmitter
) -> None:
    expected = [[False, False], [True, False]]

    def obeys(receiver: Receiver) -> bool:
        return [refused(receiver, 5, 6, session_id=name) for name in ("s", "t")] == expected

    async with receiving(databases, transmitter) as first, receiving(databases, transmitter) as second:
        await deliver(transmitter, EventType.SESSION_REVOKED, user(transmitter, "ada"), **SPARE)
        await until(lambda: obeys(first) and obeys(second))
    async with receiving(databases, transmitter) as later:
        assert obeys(later)


async def test_the_spared_session_stays_refused_for_what_changed_before(
    databases: Databases, transmitter: Transmitter
) -> None:
    ada = user(transmitter, "ada")
    async with receiving(databases, transmitter) as receiver:
        await deliver(transmitter, EventType.TOKEN_CLAIMS_CHANGE, ada, ver=5, event_timestamp=AT)
        await deliver(transmitter, EventType.SESSION_REVOKED, ada, **SPARE)
        await receiver.load()
        assert refused(receiver, 4, 5, session_id="s") == [True, False]
        assert refused(receiver, 5, 6) == [True, False]


async def test_older_event_that_comes_late_changes_nothing(databases: Databases, transmitter: Transmitter) -> None:
    ada = user(transmitter, "ada")
    async with receiving(databases, transmitter) as receiver:
        for ver, at in ((7, AT), (5, AT + 4)):
            await deliver(transmitter, EventType.TOKEN_CLAIMS_CHANGE, ada, ver=ver, event_timestamp=at)
        await until(lambda: refused(receiver, 6, 7) == [True, False])
        await receiver.load()
        assert refused(receiver, 6, 7) == [True, False]


async def test_changed_role_is_refused_in_every_process_and_after_a_restart(
    databases: Databases, transmitter: Transmitter
) -> None:
    def obeys(receiver: Receiver) -> bool:
        older = refuses(receiver, "ada", roles=EDITOR, role_version=2)
        return older and not refuses(receiver, "ada", roles=EDITOR, role_version=3) and not refuses(receiver, "ada")

    kind, subject = role_changed_type(transmitter.issuer.url), {"format": "opaque", "id": "editor"}
    async with receiving(databases, transmitter) as first, receiving(databases, transmitter) as second:
        await deliver(transmitter, kind, subject, role="editor", rver=3)
        await until(lambda: obeys(first) and obeys(second))
    async with receiving(databases, transmitter) as later:
        assert obeys(later)


@pytest.mark.parametrize(
    "body",
    [{}, {"role": "editor"}, {"role": ["editor"], "rver": 3}, {"role": "", "rver": 3}, {"role": "editor", "rver": 0}],
)
async def test_changed_role_without_its_members_has_no_effect_and_is_acknowledged(
    databases: Databases, transmitter: Transmitter, body: dict[str, Any]
) -> None:
    async with receiving(databases, transmitter):
        await deliver(transmitter, role_changed_type(transmitter.issuer.url), None, **body)
    assert await databases.fetch("posts_app", ROWS) == []


async def test_another_issuers_event_about_a_role_has_no_effect(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter):
        await deliver(transmitter, role_changed_type("https://other.example"), None, role="editor", rver=3)
    assert await databases.fetch("posts_app", ROWS) == []


async def test_processes_of_the_previous_release_obey_what_is_stored_by_its_time(
    databases: Databases, transmitter: Transmitter
) -> None:
    kind = role_changed_type(transmitter.issuer.url)
    async with receiving(databases, transmitter):
        await deliver(transmitter, EventType.SESSION_REVOKED, user(transmitter, "ada"), **SPARE)
        await deliver(transmitter, kind, None, role="editor", rver=3)
    by_key = {row["key"]: row["valid_from"] for row in await databases.fetch("posts_app", ROWS)}
    # They refuse every token that was issued earlier, and take a role for a subject of which nothing is refused.
    assert by_key == {"ada": AT + 1, "editor": 0}


@asynccontextmanager
async def overheard(databases: Databases) -> AsyncIterator[list[dict[str, Any]]]:
    """What processes of the previous release are notified of."""
    messages: list[dict[str, Any]] = []
    listening = await asyncpg.connect(databases.url("posts_app"))
    await listening.add_listener("posts_revocations", lambda *arguments: messages.append(orjson.loads(arguments[-1])))
    try:
        yield messages
    finally:
        await listening.close()


async def test_what_a_process_of_the_previous_release_writes_is_obeyed_and_given_a_position(
    databases: Databases, transmitter: Transmitter
) -> None:
    async def all_have_positions() -> bool:
        return await databases.fetch("posts_app", UNPLACED) == []

    async with (
        overheard(databases) as messages,
        receiving(databases, transmitter) as first,
        receiving(databases, transmitter) as second,
    ):
        await databases.execute("posts_app", REVOKE_AS_THE_PREVIOUS_RELEASE)
        for receiver in (first, second):
            await until(lambda receiver=receiver: refuses(receiver, "ada", issued_at=1000, version=9))  # type: ignore[misc]
            assert not refuses(receiver, "ada", issued_at=1001, version=9)
        await until(all_have_positions)
        await until(lambda: {"remove": ["", ""], "placed": True} in messages)
    assert all(message.keys() & {"add", "remove", "heard"} for message in messages)


async def test_row_that_a_process_of_the_previous_release_changes_is_read_again(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter) as receiver:
        await deliver(transmitter, EventType.TOKEN_CLAIMS_CHANGE, user(transmitter, "ada"), ver=5, event_timestamp=AT)
        assert refused(receiver, 4, 5) == [True, False]
        # The position stays, and its notification has no mark.
        await databases.execute("posts_app", "UPDATE posts.revocations SET version = 6")
        await databases.fetch("posts_app", NOTIFY, orjson.dumps({"add": ["version", "ada", AT, 1e10]}).decode())
        await until(lambda: refused(receiver, 5, 6) == [True, False])
        await databases.execute("posts_app", "DELETE FROM posts.revocations")
        await databases.fetch("posts_app", NOTIFY, orjson.dumps({"remove": ["version", "ada"]}).decode())
        await until(lambda: refused(receiver, 4) == [False])


@pytest.mark.parametrize(
    ("kind", "member", "said"),
    [
        (EventType.ACCOUNT_DISABLED, "add", ["disabled", "ada", 2**53]),
        (EventType.ACCOUNT_ENABLED, "remove", ["disabled", "ada"]),
    ],
)
async def test_notification_has_the_form_that_the_previous_release_reads(
    databases: Databases, transmitter: Transmitter, kind: str, member: str, said: list[Any]
) -> None:
    async with overheard(databases) as messages, receiving(databases, transmitter):
        await deliver(transmitter, kind, user(transmitter, "ada"), ver=5)
        await until(lambda: any("heard" in message for message in messages[1:]))
    (changed,) = [message[member] for message in messages if member in message]
    assert (changed[:3], len(changed)) == (said, 4 if member == "add" else 2)
    assert all(isinstance(message["heard"], float) for message in messages if member not in message)


async def test_older_disabling_that_comes_after_the_enabling_has_no_effect(
    databases: Databases, transmitter: Transmitter
) -> None:
    ada = user(transmitter, "ada")
    async with receiving(databases, transmitter) as first, receiving(databases, transmitter) as second:
        await deliver(transmitter, EventType.ACCOUNT_ENABLED, ada, ver=6)
        await deliver(transmitter, EventType.ACCOUNT_DISABLED, ada, ver=5)
        assert [refuses(receiver, "ada") for receiver in (first, second)] == [False, False]
        await deliver(transmitter, EventType.ACCOUNT_DISABLED, ada, ver=7)
        assert [refuses(receiver, "ada", version=9) for receiver in (first, second)] == [True, True]


async def test_stream_that_asked_for_fewer_events_is_extended_by_those_that_exist_now(
    databases: Databases, transmitter: Transmitter
) -> None:
    url, own = transmitter.issuer.url, "https://other.example/events/later"
    wanted = list(supported_by(url))
    stream = transmitter.add_stream()
    stream |= {"events_supported": list(wanted), "events_requested": [*wanted[:-1], own]}
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.calls["poll"] > 1)
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.calls["poll"] > 3)
    assert transmitter.changes == [
        {"stream_id": stream["stream_id"], "events_requested": [*wanted[:-1], own, wanted[-1]]}
    ]
    assert len(transmitter.streams) == 1


@pytest.mark.parametrize("supported", [{}, {"events_supported": [EventType.SESSION_REVOKED]}])
async def test_transmitter_is_not_asked_for_events_that_it_does_not_support(
    databases: Databases, transmitter: Transmitter, supported: dict[str, Any]
) -> None:
    stream = transmitter.add_stream()
    stream |= {**supported, "events_requested": [EventType.SESSION_REVOKED]}
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.calls["poll"] > 1)
    assert transmitter.changes == []
