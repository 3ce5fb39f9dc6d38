"""A source of revocations whose knowledge is valid for a while: after that it is asked before a guard answers, and an
operation may ask that the issuer has been heard a moment ago."""

import asyncio
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI

from tests.shared.apps import client_for
from watchword.auth import InvalidToken, Principal, Revocations, Verifier, protect, requires
from watchword.auth.revocations import FOR_EVER, Kind, Revocation
from watchword.errors import Unavailable
from watchword.testing import Issuer


class LeasedSource:
    """Knows `next_session` to be revoked only once it has caught up, which takes until `gate` opens."""

    def __init__(self) -> None:
        self.revocations = Revocations(900)
        self.is_valid = True
        self.fails = False
        self.heard_seconds_ago = 1.0
        self.next_session: str | None = None
        self.times_caught_up = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def ensure_in_contact(self, is_write: bool) -> None: ...

    def is_current(self) -> bool:
        return self.is_valid

    async def catch_up(self) -> None:
        await self.gate.wait()
        if self.fails:
            raise Unavailable("the table cannot be read")
        if self.next_session is not None:
            self.revocations.add(Revocation(Kind.SESSION, self.next_session, FOR_EVER, FOR_EVER), 0)
        self.times_caught_up += 1
        self.is_valid = True

    def heard_within(self, seconds: float) -> bool:
        return self.heard_seconds_ago <= seconds

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@pytest.fixture
def source() -> LeasedSource:
    return LeasedSource()


@pytest.fixture
def verifier(issuer: Issuer, source: LeasedSource) -> Verifier:
    return issuer.verifier(revocations=source)


@pytest.mark.parametrize("is_remembered", [False, True])
async def test_token_that_was_revoked_while_nobody_looked_is_refused_by_the_first_answer(
    issuer: Issuer, verifier: Verifier, source: LeasedSource, is_remembered: bool
) -> None:
    token = issuer.mint(claims={"sid": "s"})
    if is_remembered:
        await verifier.verify(token)
    source.is_valid, source.next_session = False, "s"
    with pytest.raises(InvalidToken, match="revoked"):
        await verifier.verify(token)
    assert (source.times_caught_up, verifier.outcomes["revoked"]) == (1, 1)
    with pytest.raises(InvalidToken, match="revoked"):
        await verifier.verify(token)


async def test_token_that_was_not_revoked_is_accepted_after_the_look(
    issuer: Issuer, verifier: Verifier, source: LeasedSource
) -> None:
    source.is_valid, source.next_session = False, "another"
    assert (await verifier.verify(issuer.mint("ada"))).subject == "ada"
    assert source.times_caught_up == 1


async def test_source_that_is_current_is_not_asked(issuer: Issuer, verifier: Verifier, source: LeasedSource) -> None:
    await verifier.verify(issuer.mint())
    assert source.times_caught_up == 0


async def test_nobody_passes_while_the_source_cannot_catch_up(
    issuer: Issuer, verifier: Verifier, source: LeasedSource
) -> None:
    token = issuer.mint()
    await verifier.verify(token)
    source.is_valid, source.fails = False, True
    with pytest.raises(Unavailable, match="the table cannot be read"):
        await verifier.verify(token)


async def test_token_that_is_not_valid_is_refused_without_a_look(
    issuer: Issuer, verifier: Verifier, source: LeasedSource
) -> None:
    source.is_valid, source.fails = False, True
    with pytest.raises(InvalidToken, match="expired"):
        await verifier.verify(issuer.mint(expires_in=-60))


def app_of(verifier: Verifier) -> FastAPI:
    app = FastAPI()

    @app.get("/fresh")
    async def fresh(reader: Annotated[Principal, Depends(requires("read", fresh=2))]) -> str:
        return reader.subject

    @app.get("/usual")
    async def usual(reader: Annotated[Principal, Depends(requires("read"))]) -> str:
        return reader.subject

    protect(app, verifier)
    return app


@pytest.mark.parametrize(("seconds", "status"), [(0.5, 200), (2.0, 200), (2.5, 503), (3_600.0, 503)])
async def test_fresh_answers_only_if_the_issuer_was_heard_within_these_seconds(
    issuer: Issuer, verifier: Verifier, source: LeasedSource, seconds: float, status: int
) -> None:
    source.heard_seconds_ago = seconds
    async with client_for(app_of(verifier)) as http:
        answer = await http.get("/fresh", headers=issuer.bearer("ada", scope="read"))
        assert answer.status_code == status
        if status == 503:
            assert (answer.json()["code"], answer.headers["Retry-After"]) == ("not_fresh", "1")
        assert (await http.get("/usual", headers=issuer.bearer("ada", scope="read"))).status_code == 200
        # Who may not pass anyway hears nothing of it.
        assert (await http.get("/fresh")).status_code == 401


async def test_fresh_answers_nobody_if_nothing_hears_the_issuer(issuer: Issuer) -> None:
    async with client_for(app_of(issuer.verifier())) as http:
        assert (await http.get("/fresh", headers=issuer.bearer("ada", scope="read"))).status_code == 503
        assert (await http.get("/usual", headers=issuer.bearer("ada", scope="read"))).status_code == 200


async def test_fresh_is_in_the_document(verifier: Verifier) -> None:
    async with client_for(app_of(verifier)) as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
    described = {path: str(item["get"]["responses"]["503"]) for path, item in paths.items()}
    assert {path: "not_fresh" in text for path, text in described.items()} == {"/fresh": True, "/usual": False}


@pytest.mark.parametrize("seconds", [0, -1, "2", True, float("inf"), float("nan")])
def test_fresh_that_could_never_be_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="fresh: seconds"):
        requires("read", fresh=seconds)
