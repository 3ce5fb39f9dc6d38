"""The subject of an event: RFC 9493 subject identifiers, of this issuer and of others."""

from typing import Any

import pytest

from tests.shared.receivers import receiving, refuses, session, stored, user
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.auth.revocations import Kind
from watchword.events import EventType
from watchword.events.types import iss_sub

OTHER = "https://other.example"
OF_ANOTHER_ISSUER = iss_sub(OTHER, "ada")
UNKNOWN_SUBJECTS: dict[str, Any] = {
    "another issuer's": OF_ANOTHER_ISSUER,
    "another issuer's user and session": {**session("s"), "user": OF_ANOTHER_ISSUER},
    "an e-mail address": {"format": "email", "email": "ada"},
    "an opaque id": {"format": "opaque", "id": "ada"},
    "an unknown format": {"format": "ada", "sub": "ada", "iss": OTHER},
    "no format": {"sub": "ada"},
    "a number for a user": {"format": "iss_sub", "sub": 5},
    "a number for a session": {"format": "complex", "session": {"format": "opaque", "id": 5}},
    "nothing": None,
    "a text": "ada",
    "a list": ["ada"],
    "an empty object": {},
    "aliases": {"format": "aliases", "identifiers": [OF_ANOTHER_ISSUER]},
}


async def deliver(databases: Databases, transmitter: Transmitter, kind: str, sub_id: Any, **body: Any) -> list[bool]:
    """Send the event, and return for three tokens whether each is refused then.

    They are of Ada's session `s`, of her session `t`, and of a session of Grace's.
    """
    async with receiving(databases, transmitter) as receiver:
        jti = transmitter.send(kind, sub_id, events={kind: body})
        await until(lambda: transmitter.acknowledged == [jti])
        await receiver.load()
        return [refuses(receiver, "ada", "s"), refuses(receiver, "ada", "t"), refuses(receiver, "grace", "u")]


async def test_a_session_of_a_user_is_that_session_alone(databases: Databases, transmitter: Transmitter) -> None:
    subject = {**session("s"), "user": user(transmitter, "ada")}
    assert await deliver(databases, transmitter, EventType.SESSION_REVOKED, subject) == [True, False, False]


async def test_a_session_may_be_named_without_its_user(databases: Databases, transmitter: Transmitter) -> None:
    assert await deliver(databases, transmitter, EventType.SESSION_REVOKED, session("s")) == [True, False, False]


@pytest.mark.parametrize("more", [{}, {"session": {"format": "jwt_id", "iss": OTHER, "jti": "s"}}])
async def test_a_user_without_a_session_id_is_every_session_of_theirs(
    databases: Databases, transmitter: Transmitter, more: dict[str, Any]
) -> None:
    subject = {"format": "complex", "user": user(transmitter, "ada"), **more}
    assert await deliver(databases, transmitter, EventType.SESSION_REVOKED, subject) == [True, True, False]


async def test_a_user_by_issuer_and_subject_alone_is_every_session_of_theirs(
    databases: Databases, transmitter: Transmitter
) -> None:
    subject = user(transmitter, "ada")
    assert await deliver(databases, transmitter, EventType.SESSION_REVOKED, subject) == [True, True, False]


async def test_tokens_issued_before_the_event_timestamp_are_refused_and_no_others(
    databases: Databases, transmitter: Transmitter
) -> None:
    subject, kind = user(transmitter, "ada"), EventType.TOKEN_CLAIMS_CHANGE
    assert await deliver(databases, transmitter, kind, subject, event_timestamp=1001) == [True, True, False]
    await databases.empty("posts")
    transmitter.acknowledged.clear()
    assert await deliver(databases, transmitter, kind, subject, event_timestamp=1000) == [False, False, False]


async def test_a_changed_password_by_itself_ends_nothing(databases: Databases, transmitter: Transmitter) -> None:
    subject = user(transmitter, "ada")
    assert await deliver(databases, transmitter, EventType.CREDENTIAL_CHANGE, subject) == [False, False, False]


@pytest.mark.parametrize("kind", [EventType.ACCOUNT_DISABLED, EventType.ACCOUNT_PURGED])
async def test_an_account_that_is_closed_is_refused_whenever_the_token_was_issued(
    databases: Databases, transmitter: Transmitter, kind: str
) -> None:
    async with receiving(databases, transmitter) as receiver:
        transmitter.send(kind, user(transmitter, "ada"))
        await until(lambda: refuses(receiver, "ada", issued_at=2**37))
        assert not refuses(receiver, "grace")


async def test_an_account_that_is_enabled_again_is_accepted_and_its_ended_session_is_not(
    databases: Databases, transmitter: Transmitter
) -> None:
    ada = user(transmitter, "ada")
    async with receiving(databases, transmitter) as receiver:
        transmitter.send(EventType.SESSION_REVOKED, session("s"))
        transmitter.send(EventType.ACCOUNT_DISABLED, ada)
        await until(lambda: refuses(receiver, "ada"))
        transmitter.send(EventType.ACCOUNT_ENABLED, ada)
        await until(lambda: not refuses(receiver, "ada"))
        assert refuses(receiver, "ada", "s")
    # The row stays, so that every process sees it, and an earlier event that comes late has no effect.
    assert await stored(databases, Kind.DISABLED) == ["ada"]


@pytest.mark.parametrize("kind", [EventType.SESSION_REVOKED, EventType.ACCOUNT_PURGED])
async def test_a_subject_that_is_unknown_here_has_no_effect_and_is_acknowledged(
    databases: Databases, transmitter: Transmitter, kind: str
) -> None:
    for name, sub_id in UNKNOWN_SUBJECTS.items():
        transmitter.send(kind, sub_id, jti=name)
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.acknowledged == list(UNKNOWN_SUBJECTS))
    assert await databases.fetch("posts_app", "SELECT key FROM posts.revocations") == []
