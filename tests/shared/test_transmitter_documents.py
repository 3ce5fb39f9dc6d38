"""What a transmitter leaves out or answers wrongly is its fault: one line names the member, without a traceback."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from starlette.responses import JSONResponse, Response

from tests.shared.receivers import receiving, session
from tests.shared.ssf import POLL, Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.events import EventType

METADATA: Final = {
    "issuer": "{url}",
    "jwks_uri": "{url}/certs",
    "configuration_endpoint": "{url}/config",
    "token_endpoint": "{url}/login",
}
TOKEN: Final = {"access_token": "token", "token_type": "Bearer", "expires_in": 300}
STREAM: Final = {"stream_id": "s", "aud": ["a"], "delivery": {"method": POLL, "endpoint_url": "{url}/queues/x"}}

# By the kind of request: the members that are replaced (None: left out), and what the log says of it.
Wrong = Mapping[str, tuple[Mapping[str, Any] | Response, str]]

CONFIGURATION: Wrong = {
    "no jwks_uri": ({"jwks_uri": None}, "the document ssf-configuration lacks the member jwks_uri"),
    "no configuration_endpoint": ({"configuration_endpoint": None}, "ssf-configuration lacks the member config"),
    "a number": ({"jwks_uri": 5}, "ssf-configuration has a member jwks_uri that is not a text"),
    "a list": ({"configuration_endpoint": ["x"]}, "has a member configuration_endpoint that is not a text"),
    "an empty text": ({"configuration_endpoint": ""}, "has a member configuration_endpoint that is not a text"),
    "no URL": ({"jwks_uri": "certs"}, "has a member jwks_uri that is not an https URL: certs"),
    "ftp": ({"jwks_uri": "ftp://x/y"}, "has a member jwks_uri that is not an https URL"),
    "half a host": ({"jwks_uri": "https://[::1"}, "has a member jwks_uri that is not an https URL"),
    "no issuer": ({"issuer": None}, "ssf-configuration lacks the member issuer"),
    "another issuer": ({"issuer": "https://other"}, "another issuer's: https://other, and the one configured is http"),
    "no object": (JSONResponse(["x"]), "the document ssf-configuration is not a JSON object"),
    "deep": (Response("[" * 100_000), "did not answer with JSON"),
    "no UTF-8": (Response(b'{"issuer":"\xff"}'), "did not answer with JSON"),
    "huge": (Response(b'"' + b"x" * 5_000_000 + b'"'), "answered with more than 4194304 bytes"),
    "not found": (Response(status_code=404), "ssf-configuration/tenants/one answered 404"),
}
SERVER: Wrong = {
    "no token_endpoint": ({"token_endpoint": None}, "oauth-authorization-server lacks the member token_endpoint"),
    "an object": ({"token_endpoint": {}}, "oauth-authorization-server has a member token_endpoint that is not a text"),
    "not found": (Response(status_code=404), "oauth-authorization-server/tenants/one answered 404"),
}
TOKENS: Wrong = {
    "no access_token": ({"access_token": None}, "the answer of the token endpoint lacks the member access_token"),
    "a list": ({"access_token": ["x"]}, "token endpoint has a member access_token that is not a text"),
    "two lines": ({"access_token": "a\r\nb: c"}, "token endpoint has an access_token that is not a bearer token"),
    "no ASCII": ({"access_token": "tökén"}, "token endpoint has an access_token that is not a bearer token"),
    "another type": ({"token_type": "DPoP"}, "token endpoint has an access_token that is not a bearer token"),
    "a text": (JSONResponse("token"), "the answer of the token endpoint is not a JSON object"),
}
STREAMS: Wrong = {
    "no aud": ({"aud": None}, "the stream lacks the member aud"),
    "an empty aud": ({"aud": []}, "the stream has a member aud that is not one text or several"),
    "a number": ({"aud": 5}, "the stream has a member aud that is not one text or several"),
    "no endpoint_url": ({"delivery": {"method": POLL}}, "delivery of the stream lacks the member endpoint_url"),
    "no URL": ({"delivery": {"method": POLL, "endpoint_url": "x"}}, "endpoint_url that is not an https URL: x"),
}
POLLS: Wrong = {
    "no sets": ({"moreAvailable": False}, "the answer to the poll lacks the member sets"),
    "a list": ({"sets": ["x"]}, "the answer to the poll has a member sets that is not an object"),
    "a number": ({"sets": 5}, "the answer to the poll has a member sets that is not an object"),
    "null": (JSONResponse(None), "the answer to the poll is not a JSON object"),
    "not found": (Response(status_code=404), "answered 404"),
}
KINDS: Final[Mapping[str, tuple[Wrong, Mapping[str, Any]]]] = {
    "ssf": (CONFIGURATION, METADATA),
    "oauth": (SERVER, METADATA),
    "token": (TOKENS, TOKEN),
    "streams": (STREAMS, STREAM),
    "poll": (POLLS, {}),
}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("watchword.events.polling.SHORTEST_RECONNECT_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("watchword.events.polling.LONGEST_RECONNECT_PAUSE_SECONDS", 0.02)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("watchword.auth.remote_keys.RETRY_SECONDS", 0.05)
        yield


def answer(transmitter: Transmitter, right: Mapping[str, Any], changes: Mapping[str, Any] | Response) -> Response:
    """The right answer with these changes."""
    if isinstance(changes, Response):
        return changes
    members = {name: filled(value, transmitter) for name, value in {**right, **changes}.items() if value is not None}
    return JSONResponse(members)


def filled(value: Any, transmitter: Transmitter) -> Any:
    if isinstance(value, dict):
        return {name: filled(inner, transmitter) for name, inner in value.items()}
    return value.replace("{url}", transmitter.issuer.url) if isinstance(value, str) else value


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(vars(record).get("reason")) for record in caplog.records]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_missing_or_wrong_is_named_and_is_no_traceback(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    wrong, right = KINDS[kind]
    names = iter(wrong)
    transmitter.trouble[kind] = answer(transmitter, right, wrong[next(names)][0])
    async with receiving(databases, transmitter):
        for changes, said in wrong.values():
            caplog.clear()
            transmitter.trouble[kind] = answer(transmitter, right, changes)
            await until(
                lambda said=said: any(said in reason for reason in reasons(caplog)),  # type: ignore[misc]
                lambda said=said: f"{said} is not in {reasons(caplog)[-3:]}",  # type: ignore[misc]
            )
            assert not any(record.exc_info or record.levelno >= logging.ERROR for record in caplog.records)
        transmitter.trouble.clear()
        jti = transmitter.send(EventType.SESSION_REVOKED, session("after"))
        await until(lambda: transmitter.is_settled(jti))


@pytest.mark.parametrize("expires_in", [None, "300", -5, 0, True, [], 1e300, 10**30])
async def test_a_lifetime_that_is_missing_or_wrong_costs_nothing(
    databases: Databases, transmitter: Transmitter, expires_in: Any
) -> None:
    token = {"access_token": "known", "token_type": "bEARER", "expires_in": expires_in}
    transmitter.tokens["Bearer known"] = "the receiver"
    transmitter.trouble["token"] = JSONResponse({name: value for name, value in token.items() if value is not None})
    async with receiving(databases, transmitter):
        for session_id in ("first", "second"):
            jti = transmitter.send(EventType.SESSION_REVOKED, session(session_id))
            await until(lambda jti=jti: transmitter.is_settled(jti))  # type: ignore[misc]
    assert transmitter.calls["token"] == 1


async def test_optional_members_of_a_stream_are_optional(databases: Databases, transmitter: Transmitter) -> None:
    stream = transmitter.add_stream()
    stream["aud"] = stream["aud"][0]
    for member in ("events_delivered", "iss"):
        del stream[member]
    jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
    others = [5, None, "x", {}, {"delivery": 5}, {"stream_id": "push", "delivery": {"method": "urn:ietf:rfc:8935"}}]
    transmitter.trouble["streams"] = JSONResponse([*others, *transmitter.streams])
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.is_settled(jti))


async def test_a_stream_that_cannot_be_extended_is_received_as_it_is(
    databases: Databases, transmitter: Transmitter
) -> None:
    supported = [EventType.SESSION_REVOKED, EventType.ACCOUNT_PURGED]
    transmitter.add_stream().update(events_supported=supported, events_requested=supported[:1])
    jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.is_settled(jti))
    assert len(transmitter.streams) == 1
