"""Which of a client's streams a receiver takes for its own, and what it says of one through which nothing comes."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.responses import Response

from tests.shared.receivers import receiving, refuses, session
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.events import EventType, Receiver, receive_security_events
from watchword.metrics import Metrics, watch_receiver

STOPPED = "watchword_security_events_stream_stopped"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchword.events.stream_status.CHECK_SECONDS", 0.02)


def said_of_the_stream(caplog: pytest.LogCaptureFixture) -> list[str]:
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    return [line for line in lines if line.startswith("the stream ")]


@asynccontextmanager
async def receiving_into_memory(transmitter: Transmitter) -> AsyncIterator[Receiver]:
    receiver = receive_security_events(transmitter.issuer.url, client_id="receiver", client_secret="secret")
    try:
        await receiver.start()
        yield receiver
    finally:
        await receiver.stop()


async def test_stream_of_one_process_is_left_to_it(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving_into_memory(transmitter), receiving(databases, transmitter) as receiver:
        others, own = transmitter.streams
        assert ("inactivity_timeout" in others, "inactivity_timeout" in own) == (True, False)
        transmitter.streams.remove(others)
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti) and refuses(receiver, session_id="s"))


async def test_stream_of_a_transmitter_that_lets_each_lapse_is_used(
    databases: Databases, transmitter: Transmitter
) -> None:
    transmitter.add_stream(inactivity_timeout=3_600)
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.calls["poll"] > 1)
    assert len(transmitter.streams) == 1


@pytest.mark.parametrize("status", ["disabled", "paused"])
async def test_stream_through_which_nothing_comes_is_said_once_and_shown(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture, status: str
) -> None:
    transmitter.status = {"status": status, "reason": "moving\nhouse"}
    metrics = Metrics()
    async with receiving(databases, transmitter) as receiver:
        watch_receiver(metrics, receiver)
        await until(lambda: receiver.is_stream_stopped)
        calls = transmitter.calls["status"]
        await until(lambda: transmitter.calls["status"] > calls + 3)
        (line,) = said_of_the_stream(caplog)
        assert f"of the client receiver is {status} (moving\\nhouse): what the issuer revokes is not obeyed" in line
        assert f'"status": "enabled"}} to {transmitter.issuer.url}/status with a token of this client' in line
        assert f"{STOPPED} 1.0" in metrics.render().decode()
        transmitter.status = {"status": "enabled"}
        await until(lambda: not receiver.is_stream_stopped)
        assert said_of_the_stream(caplog)[1:] == [line.partition(" is ")[0] + " is enabled again"]
        assert f"{STOPPED} 0.0" in metrics.render().decode()
    assert transmitter.changes == []


async def test_stopped_stream_of_one_process_is_said_too(
    transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    transmitter.status = {"status": "disabled"}
    async with receiving_into_memory(transmitter) as receiver:
        await until(lambda: receiver.is_stream_stopped)
    assert len(said_of_the_stream(caplog)) == 1
    assert not receiver.is_stream_stopped


async def test_stopped_stream_is_said_once_over_several_connections(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    transmitter.status = {"status": "paused"}
    async with receiving(databases, transmitter) as receiver:
        await until(lambda: receiver.is_stream_stopped)
        transmitter.trouble["poll"] = Response(status_code=500)
        await until(lambda: not receiver.is_stream_stopped)
        transmitter.trouble.clear()
        await until(lambda: receiver.is_stream_stopped)
    assert len(said_of_the_stream(caplog)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response(status_code=404),
        Response("{}", 403),
        Response("{}", 200),
        Response('{"status": "resting"}'),
    ],
)
async def test_transmitter_that_does_not_say_the_status_is_believed_to_deliver(
    databases: Databases, transmitter: Transmitter, answer: Response
) -> None:
    transmitter.trouble["status"] = answer
    async with receiving(databases, transmitter) as receiver:
        await until(lambda: transmitter.calls["status"] > 2)
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        assert (receiver.is_stream_stopped, receiver.refusal_reason) == (False, None)
