"""Whatever the transmitter or the database does, the receiver recovers by itself, and nothing is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.shared.receivers import receiving, refuses, session, stored
from tests.shared.ssf import Transmitter, transmitting
from tests.support.databases import Databases, migrated
from tests.support.waiting import until
from watchword.database import DatabaseUnavailable
from watchword.events import EventType

ELSEWHERE = "http://127.0.0.1:9/elsewhere"
TROUBLES: dict[str, Response] = {
    "500": Response("Traceback", status_code=500),
    "429": Response(status_code=429),
    "403": Response(status_code=403),
    "404": Response(status_code=404),
    "garbage": Response("<html>", media_type="application/json"),
    "nothing": Response(),
    "a list": JSONResponse([5]),
    "a text": JSONResponse("text"),
    "null": JSONResponse(None),
    "an empty object": JSONResponse({}),
    "a redirect": RedirectResponse(ELSEWHERE, 307),
    "members of other types": JSONResponse({"sets": 5, "issuer": 5, "access_token": [], "expires_in": {}, "keys": 5}),
}
REQUESTS = ("ssf", "oauth", "certs", "token", "streams", "poll")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchword.events.polling.SHORTEST_RECONNECT_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("watchword.events.polling.LONGEST_RECONNECT_PAUSE_SECONDS", 0.08)
    monkeypatch.setattr("watchword.auth.remote_keys.RETRY_SECONDS", 0.05)


@pytest.fixture
def own_databases(tmp_path: Path) -> Iterator[Databases]:
    """A server of the test's own, which keeps what it has committed when it is stopped."""
    with migrated(tmp_path, durable=True) as databases:
        yield databases


async def ensure_obeyed(transmitter: Transmitter, session_id: str) -> None:
    """Send an event, and return when it has been acknowledged."""
    jti = transmitter.send(EventType.SESSION_REVOKED, session(session_id))
    await until(lambda: transmitter.acknowledged[-1:] == [jti])


def failures(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The log lines that say that nothing is received."""
    lines = [vars(record) for record in caplog.records]
    return [line for line in lines if line.get("work") == "receiving security events"]


@pytest.mark.parametrize("kind", REQUESTS)
async def test_whatever_the_transmitter_answers_at_the_start_the_receiver_recovers(
    databases: Databases, transmitter: Transmitter, kind: str
) -> None:
    for name in ("500", "garbage", "a redirect", "members of other types"):
        transmitter.trouble[kind] = TROUBLES[name]
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        calls = transmitter.calls[kind]
        async with receiving(databases, transmitter):
            await until(lambda calls=calls: transmitter.calls[kind] > calls + 1)  # type: ignore[misc]
            assert jti in transmitter.waiting
            transmitter.trouble.clear()
            await until(lambda jti=jti: transmitter.is_settled(jti))  # type: ignore[misc]
    assert transmitter.refused == {}


async def test_whatever_the_transmitter_answers_to_a_poll_the_receiver_recovers(
    databases: Databases, transmitter: Transmitter
) -> None:
    async with receiving(databases, transmitter):
        for name, trouble in TROUBLES.items():
            await ensure_obeyed(transmitter, name)
            transmitter.trouble["poll"] = trouble
            transmitter.answer_polls()
            calls = transmitter.calls["poll"]
            await until(lambda calls=calls: transmitter.calls["poll"] > calls + 1)  # type: ignore[misc]
            transmitter.trouble.clear()
        await ensure_obeyed(transmitter, "last")
    assert len(await stored(databases)) == len(TROUBLES) + 1


async def test_an_answer_that_is_not_json_is_logged_in_one_line(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    transmitter.trouble["token"] = TROUBLES["garbage"]
    async with receiving(databases, transmitter):
        await until(lambda: transmitter.calls["token"] > 1)
    reasons = [str(line["reason"]) for line in failures(caplog)]
    assert reasons[0].endswith("/login did not answer with JSON")


async def test_a_transmitter_that_was_down_is_polled_again(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter):
        await ensure_obeyed(transmitter, "before")
        await transmitter.stop()
        jti = transmitter.send(EventType.SESSION_REVOKED, session("meanwhile"))
        await transmitter.start()
        await until(lambda: transmitter.is_settled(jti))
    assert await stored(databases) == ["before", "meanwhile"]


async def test_a_receiver_starts_without_its_transmitter(databases: Databases, transmitter: Transmitter) -> None:
    await transmitter.stop()
    async with receiving(databases, transmitter):
        await transmitter.start()
        await ensure_obeyed(transmitter, "s")


async def test_the_longer_the_transmitter_is_away_the_less_often_it_is_polled(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    def pauses() -> list[Any]:
        return [line["again_in"] for line in failures(caplog)]

    transmitter.trouble["poll"] = Response(status_code=404)
    async with receiving(databases, transmitter):
        await until(lambda: len(pauses()) >= 5)
        assert pauses()[:5] == [0.01, 0.02, 0.04, 0.08, 0.08]
        transmitter.trouble.clear()
        await ensure_obeyed(transmitter, "s")
        before = len(pauses())
        transmitter.trouble["poll"] = Response(status_code=500)
        transmitter.answer_polls()
        await until(lambda: len(pauses()) > before)
        assert pauses()[before] == 0.01


async def test_a_token_that_is_refused_is_replaced_by_a_new_one(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter):
        await ensure_obeyed(transmitter, "before")
        transmitter.tokens.clear()
        await ensure_obeyed(transmitter, "after")
    assert transmitter.calls["token"] == 2
    assert len(transmitter.streams) == 1


async def test_a_stream_that_was_deleted_is_created_again(databases: Databases, transmitter: Transmitter) -> None:
    async with receiving(databases, transmitter):
        await ensure_obeyed(transmitter, "before")
        transmitter.streams.clear()
        transmitter.answer_polls()
        await until(lambda: len(transmitter.streams) == 1)
        await ensure_obeyed(transmitter, "after")


async def test_a_poll_that_is_not_answered_is_given_up_and_repeated(
    databases: Databases, transmitter: Transmitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving(databases, transmitter):
        await ensure_obeyed(transmitter, "before")
        monkeypatch.setattr("watchword.events.transmitter_client.POLL_TIMEOUT_SECONDS", 0.1)
        transmitter.gate.clear()
        transmitter.answer_polls()
        calls = transmitter.calls["poll"]
        await until(lambda: transmitter.calls["ssf"] > 1 and transmitter.calls["poll"] > calls)
        transmitter.gate.set()
        await ensure_obeyed(transmitter, "after")


async def test_a_discovery_document_of_another_issuer_is_refused(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    for kind in ("ssf", "oauth"):
        url = transmitter.issuer.url
        others = {"issuer": f"{url}/", "jwks_uri": ELSEWHERE, "configuration_endpoint": ELSEWHERE}
        transmitter.trouble = {kind: JSONResponse({**others, "token_endpoint": f"{url}/login"})}
        async with receiving(databases, transmitter):
            await until(lambda: "another issuer's" in str([vars(record).get("reason") for record in caplog.records]))
        caplog.clear()
    assert transmitter.calls["token"] == 0


async def test_an_event_that_comes_while_the_database_is_down_is_applied_when_it_is_back(
    own_databases: Databases,
) -> None:
    async with transmitting() as transmitter, receiving(own_databases, transmitter) as receiver:
        await ensure_obeyed(transmitter, "before")
        await until(lambda: refuses(receiver, session_id="before"))
        own_databases.server.stop()
        jti = transmitter.send(EventType.SESSION_REVOKED, session("meanwhile"))
        # Nobody may poll, and no guard may answer.
        await until(lambda: not receiver.is_current())
        with pytest.raises(DatabaseUnavailable):
            await receiver.catch_up()
        assert (transmitter.acknowledged[-1] == jti, refuses(receiver, session_id="meanwhile")) == (False, False)
        own_databases.server.start()
        await until(lambda: transmitter.is_settled(jti))
        await receiver.catch_up()
        assert refuses(receiver, session_id="meanwhile")
    assert transmitter.refused == {}
    assert await stored(own_databases) == ["before", "meanwhile"]
