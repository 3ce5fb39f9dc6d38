"""Streams and WebSockets that have passed a guard with `acr` end when the level of their caller is lowered."""

import asyncio
from typing import Any

import pytest

from tests.shared.chat import UNTIL
from tests.shared.chat_app import ChatApp
from tests.shared.receivers import only
from tests.support.live_server import Event, close_code
from tests.support.waiting import until
from watchword.auth.revocations import Kind, Revocation

WEAKER = Event("signed-out", '{"code":"insufficient_user_authentication"}', "")
TO_PWD = Revocation(Kind.AT_MOST_PWD, "ada-s-person", 0, UNTIL, version=2)
TO_MFA = Revocation(Kind.AT_MOST_MFA, "ada-s-person", 0, UNTIL, version=2)
STRONG: dict[str, Any] = {"acr": "phr", "version": 1}


@pytest.mark.parametrize("way", ["add", "replace"])
async def test_what_needs_more_ends_and_nothing_else(chat_app: ChatApp, way: str) -> None:
    async with (
        chat_app.socket("ada", "/strong-socket", **STRONG) as strong,
        chat_app.server.events("/strong-events", chat_app.headers("ada", **STRONG)) as events,
        chat_app.socket("ada", **STRONG) as plain,
        chat_app.socket("grace", "/strong-socket", **STRONG) as grace,
        chat_app.socket("ada", "/strong-socket", acr="phr", version=2) as later,
    ):
        await chat_app.until_open(5)
        chat_app.chat.say("one")
        assert await events.next() == Event("message", "one", "")
        if way == "add":
            chat_app.source.revocations.add(TO_PWD, 0)
        else:
            chat_app.source.revocations.replace(only(TO_PWD))
        assert (await close_code(strong), strong.close_reason) == (4401, "insufficient_user_authentication")
        assert await events.rest() == [WEAKER]
        chat_app.chat.say("still here")
        for socket in (plain, grace, later):
            assert [await socket.recv(), await socket.recv()] == ["one", "still here"]


async def test_connection_goes_on_while_the_level_suffices(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada", "/strong-socket", **STRONG) as socket:
        await chat_app.until_open(1)
        chat_app.source.revocations.add(TO_MFA, 0)
        chat_app.chat.say("still here")
        assert await socket.recv() == "still here"


async def test_strongest_of_several_guards_counts_also_of_one_that_is_asked_later(chat_app: ChatApp) -> None:
    async with (
        chat_app.socket("ada", "/two-guards", **STRONG) as both,
        chat_app.socket("ada", "/late-strong-guard", **STRONG) as late,
    ):
        await chat_app.until_open(2)
        await late.send("ask")
        assert await late.recv() == "asked"
        chat_app.source.revocations.add(TO_MFA, 0)
        assert await close_code(late) == 4401
        assert await close_code(both) == 4401


async def test_lowering_that_was_missed_is_learned_before_anything_is_sent(chat_app: ChatApp) -> None:
    async with chat_app.socket("ada", "/strong-socket", **STRONG) as socket:
        await chat_app.until_open(1)
        chat_app.source.lapse(TO_PWD)
        chat_app.chat.say("a secret")
        assert await close_code(socket) == 4401


async def test_answer_that_has_not_begun_is_the_challenge(chat_app: ChatApp) -> None:
    headers = chat_app.headers("ada", **STRONG)
    reading = asyncio.create_task(chat_app.server.http.get("/strong-late", headers=headers))
    await until(lambda: chat_app.chat.done == ["passed"])
    chat_app.source.lapse(TO_PWD)
    chat_app.chat.say("a secret")
    answer = await reading
    assert (answer.status_code, answer.json()["code"]) == (401, "insufficient_user_authentication")
    assert 'acr_values="mfa"' in answer.headers["WWW-Authenticate"]
