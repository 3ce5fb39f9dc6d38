"""A receiver that its issuer refuses says so: once in the log, in plain words, and for as long as it is refused."""

import logging
from base64 import b64decode
from urllib.parse import unquote_plus

import pytest
from starlette.responses import JSONResponse, Response

from tests.shared.receivers import receiving, session
from tests.shared.ssf import Transmitter
from tests.support.databases import Databases
from tests.support.waiting import until
from watchword.events import EventType, TransmitterAccount

WRONG_SECRET = JSONResponse({"error": "invalid_client", "error_description": "wrong secret"}, 401)
NO_SCOPE = JSONResponse({"error": "invalid_scope"}, 400)
FORBIDDEN = JSONResponse({"code": "insufficient_scope", "detail": "ssf.manage"}, 403)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchword.events.polling.SHORTEST_RECONNECT_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("watchword.events.polling.LONGEST_RECONNECT_PAUSE_SECONDS", 0.02)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What an operator sees who has called `logging.basicConfig()` and nothing else."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("kind", "answer", "said"),
    [
        ("token", WRONG_SECRET, "it answered 401 invalid_client: wrong secret"),
        ("token", NO_SCOPE, "it answered 400 invalid_scope"),
        ("token", Response("no such client\nhere", 403), r"it answered 403 no such client\nhere"),
        ("streams", FORBIDDEN, "it answered 403 insufficient_scope: ssf.manage"),
        ("streams", Response(status_code=401), "it answered 401"),
    ],
)
async def test_a_refused_client_is_named_once_and_until_it_is_accepted(
    databases: Databases,
    transmitter: Transmitter,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    answer: Response,
    said: str,
) -> None:
    transmitter.trouble[kind] = answer
    async with receiving(databases, transmitter, client_id="notes") as receiver:
        await until(lambda: transmitter.calls[kind] >= 4)
        reason = f"the issuer {transmitter.issuer.url} refuses the client notes: {said}"
        assert (receiver.refusal_reason or "").rstrip() == reason
        assert [line.partition(";")[0].rstrip() for line in warnings(caplog)] == [reason]
        transmitter.trouble.clear()
        await until(lambda: receiver.refusal_reason is None)
        assert warnings(caplog)[1:] == [f"the issuer {transmitter.issuer.url} accepts the client notes"]


async def test_every_process_of_a_service_knows_that_it_is_refused_and_that_it_is_accepted(
    databases: Databases, transmitter: Transmitter
) -> None:
    transmitter.trouble["token"] = WRONG_SECRET
    async with receiving(databases, transmitter) as first, receiving(databases, transmitter) as second:
        await until(lambda: None not in (first.refusal_reason, second.refusal_reason))
        transmitter.trouble.clear()
        await until(lambda: first.refusal_reason is second.refusal_reason is None)


async def test_another_reason_is_said_too(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    transmitter.trouble["token"] = WRONG_SECRET
    async with receiving(databases, transmitter) as receiver:
        await until(lambda: "invalid_client" in str(receiver.refusal_reason))
        transmitter.trouble["token"] = NO_SCOPE
        await until(lambda: "invalid_scope" in str(receiver.refusal_reason))
    assert len(warnings(caplog)) == 2


async def test_an_issuer_that_does_not_answer_refuses_nobody(databases: Databases, transmitter: Transmitter) -> None:
    for kind, answer in (("token", Response(status_code=503)), ("streams", Response(status_code=500))):
        transmitter.trouble = {kind: answer}
        calls = transmitter.calls[kind]
        async with receiving(databases, transmitter) as receiver:
            await until(lambda kind=kind, calls=calls: transmitter.calls[kind] >= calls + 3)  # type: ignore[misc]
            assert receiver.refusal_reason is None


async def test_a_token_that_has_expired_is_no_refusal_of_the_client(
    databases: Databases, transmitter: Transmitter, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiving(databases, transmitter) as receiver:
        transmitter.tokens.clear()
        jti = transmitter.send(EventType.SESSION_REVOKED, session("s"))
        await until(lambda: transmitter.is_settled(jti))
        assert receiver.refusal_reason is None
    assert not any("refuses the client" in line for line in warnings(caplog))


@pytest.mark.parametrize(
    ("client_id", "client_secret"),
    [
        ("notes", "ab+/cd==efgh+/ij%20kl"),
        ("notes:of ada", "with: colon, blank & per%cent"),
        ("https://notes.example/?a=b", "ünïcödé €"),
        ("a+b", "-._~!*'()"),
    ],
)
async def test_id_and_secret_are_form_encoded_before_they_are_sent(
    databases: Databases, transmitter: Transmitter, client_id: str, client_secret: str
) -> None:
    async with receiving(databases, transmitter, client_id=client_id, client_secret=client_secret):
        await until(lambda: len(transmitter.tokens) == 1)
    (header,) = transmitter.tokens.values()
    sent = b64decode(header.removeprefix("Basic ")).decode("ascii").split(":")
    assert [unquote_plus(part) for part in sent] == [client_id, client_secret]


@pytest.mark.parametrize("secret", ["", "\udcff-from-the-environment"])
def test_a_secret_that_cannot_be_sent_is_refused_at_once_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="the client_secret of a receiver must be UTF-8 text") as refused:
        TransmitterAccount("http://issuer.example", "notes", secret)
    assert "from-the-environment" not in str(refused.value)


def test_an_account_does_not_show_its_secret() -> None:
    assert "hunter2" not in repr(TransmitterAccount("http://issuer.example", "notes", "hunter2"))
