"""Keys and revocations start and stop with the app that is protected, in this order and whatever fails."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI

from watchword.auth import Background, KeySource, PublicKey, Revocations, Verifier, protect, public
from watchword.testing import Issuer


class Keys:
    """The issuer's keys, as a source that has to be started."""

    def __init__(self, issuer: Issuer, steps: list[str], *, fails: bool = False) -> None:
        self._issuer = issuer
        self._steps = steps
        self._fails = fails

    def find(self, kid: str) -> PublicKey | None:
        return self._issuer.find(kid)

    async def get(self, kid: str) -> PublicKey:
        return await self._issuer.get(kid)

    async def start(self) -> None:
        self._steps.append("keys start")
        if self._fails:
            raise OSError("no keys")

    async def stop(self) -> None:
        self._steps.append("keys stop")


class Receiver:
    """A source of revocations that writes down what happens to it."""

    def __init__(self, steps: list[str], *, fails: bool = False) -> None:
        self.revocations = Revocations(900)
        self._steps = steps
        self._fails = fails

    def ensure_in_contact(self, is_write: bool) -> None: ...

    async def start(self) -> None:
        self._steps.append("receiver start")
        if self._fails:
            raise OSError("no database")

    async def stop(self) -> None:
        self._steps.append("receiver stop")


def app_of(issuer: Issuer, keys: KeySource, receiver: Receiver | None, steps: list[str]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        steps.append("app start")
        yield
        steps.append("app stop")

    app = FastAPI(lifespan=lifespan)
    app.get("/")(public(lambda: None))
    protect(app, Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys, revocations=receiver))
    return app


async def run(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        pass


async def test_receiver_is_inside_the_app_and_the_app_inside_the_keys(issuer: Issuer) -> None:
    steps: list[str] = []
    await run(app_of(issuer, Keys(issuer, steps), Receiver(steps), steps))
    assert steps == ["keys start", "app start", "receiver start", "receiver stop", "app stop", "keys stop"]


async def test_what_has_nothing_to_start_is_left_alone(issuer: Issuer) -> None:
    steps: list[str] = []
    assert not isinstance(issuer, Background)
    await run(app_of(issuer, issuer, None, steps))
    assert steps == ["app start", "app stop"]


async def test_a_receiver_that_does_not_start_stops_the_keys_too(issuer: Issuer) -> None:
    steps: list[str] = []
    with pytest.raises(OSError, match="no database"):
        await run(app_of(issuer, Keys(issuer, steps), Receiver(steps, fails=True), steps))
    assert [step for step in steps if step != "app stop"] == [
        *("keys start", "app start", "receiver start"),
        *("receiver stop", "keys stop"),
    ]


async def test_keys_that_do_not_start_keep_the_app_from_starting(issuer: Issuer) -> None:
    steps: list[str] = []
    with pytest.raises(OSError, match="no keys"):
        await run(app_of(issuer, Keys(issuer, steps, fails=True), Receiver(steps), steps))
    assert steps == ["keys start", "keys stop"]
