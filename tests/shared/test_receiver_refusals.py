"""A token that is not valid is reported and has no effect; the others in the same answer have theirs."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.shared.receivers import receiving, refuses, session, stored, user
from tests.shared.ssf import AUDIENCE, Transmitter
from tests.shared.tokens import STRANGERS_KEY
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.events import EventType
from watchword.events.types import role_changed_type

SESSION_REVOKED: Final = EventType.SESSION_REVOKED
TWO_EVENTS: Final[dict[str, Any]] = {str(SESSION_REVOKED): {}, str(EventType.ACCOUNT_PURGED): {}}
Wrong = Callable[[Transmitter, str], Any]


def with_claims(**claims: Any) -> Wrong:
    return lambda transmitter, jti: transmitter.event(
        SESSION_REVOKED, **{"sub_id": session("bad"), "jti": jti, **claims}
    )


def with_header(**head: Any) -> Wrong:
    return lambda transmitter, jti: transmitter.event(SESSION_REVOKED, session("bad"), jti=jti, head=head)


def by_a_stranger(transmitter: Transmitter, jti: str) -> str:
    return transmitter.event(SESSION_REVOKED, session("bad"), jti=jti, key=STRANGERS_KEY)


def of_role(role: str) -> Wrong:
    def event(transmitter: Transmitter, jti: str) -> Any:
        kind = role_changed_type(transmitter.issuer.url)
        return with_claims(events={kind: {"role": role, "rver": 1}})(transmitter, jti)

    return event


def sparing(session_id: str) -> Wrong:
    events = {str(SESSION_REVOKED): {"ver": 1, "except_sid": session_id}}
    return lambda transmitter, jti: with_claims(sub_id=user(transmitter, "ada"), events=events)(transmitter, jti)


WRONG: Final[dict[str, Wrong]] = {
    "another key's signature": by_a_stranger,
    "another issuer": with_claims(iss="https://other.example"),
    "another audience": with_claims(aud="https://other.example"),
    "no audience": with_claims(aud=None),
    "typ JWT": with_header(typ="JWT"),
    "typ at+jwt": with_header(typ="at+jwt"),
    "no typ": with_header(typ=None),
    "algorithm none": with_header(alg="none"),
    "critical headers": with_header(crit=["b64"]),
    "an exp": with_claims(exp=4_000_000_000),
    "two events": with_claims(events=TWO_EVENTS),
    "no event": with_claims(events={}),
    "no events": with_claims(events=None),
    "events in a list": with_claims(events=[str(SESSION_REVOKED)]),
    "an event that is no object": with_claims(events={str(SESSION_REVOKED): True}),
    "another jti": with_claims(jti="another"),
    "no jti": with_claims(jti=None),
    "no iat": with_claims(iat=None),
    "an iat that is no number": with_claims(iat="yesterday"),
    "an iat beyond all calendars": with_claims(iat=10**30),
    "a toe that is no number": with_claims(toe="yesterday"),
    "an event_timestamp that is no number": with_claims(events={str(SESSION_REVOKED): {"event_timestamp": "now"}}),
    "an event_timestamp beyond all calendars": with_claims(events={str(SESSION_REVOKED): {"event_timestamp": 10**30}}),
    "a jti with the character NUL\0": with_claims(),
    "a jti that is too long " + "x" * 500: with_claims(),
    "a session with the character NUL": with_claims(sub_id=session("bad\0")),
    "a session whose id is too long": with_claims(sub_id=session("x" * 501)),
    "a role with the character NUL": of_role("clerk\0"),
    "a spared session with the character NUL": sparing("bad\0"),
    "garbage": lambda _, jti: f"garbage {jti}",
    "an empty text": lambda _, jti: "",
    "no text": lambda _, jti: 5,
    "a token without a signature": lambda transmitter, jti: with_claims()(transmitter, jti).rpartition(".")[0],
    "a token larger than any": with_claims(padding="x" * 9_000),
}


async def test_a_token_that_is_not_valid_is_reported_and_the_others_are_obeyed(
    databases: Databases, transmitter: Transmitter
) -> None:
    before = transmitter.send(SESSION_REVOKED, session("before"))
    for name, make in WRONG.items():
        transmitter.put(name, make(transmitter, name))
    after = transmitter.send(SESSION_REVOKED, session("after"))
    async with receiving(databases, transmitter) as receiver:
        await until(lambda: transmitter.is_settled(before, *WRONG, after))
        await until(lambda: refuses(receiver, session_id="after"))
        assert [refuses(receiver, session_id=name) for name in ("before", "bad", "after")] == [True, False, True]
    assert transmitter.acknowledged == [before, after]
    assert list(transmitter.refused) == list(WRONG)
    assert {error["err"] for error in transmitter.refused.values()} == {"authentication_failed"}
    assert await stored(databases) == ["after", "before"]


@pytest.mark.parametrize("right", [with_header(typ="application/secevent+jwt"), with_claims(aud=["other", AUDIENCE])])
async def test_other_valid_spellings_are_obeyed(databases: Databases, transmitter: Transmitter, right: Wrong) -> None:
    jti = transmitter.put("right", right(transmitter, "right"))
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.is_settled(jti))
    assert transmitter.acknowledged == [jti]
