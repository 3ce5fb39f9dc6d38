"""A remembered token replaces no rule: not that of a guard or a verifier, and not the form of the header field."""

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.requests import HTTPConnection

from tests.shared.apps import client_for
from watchword.auth import Guard, InvalidToken, NotPermitted, Principal, Verifier, protect, signed_in
from watchword.testing import Issuer


@pytest.fixture
def verifier(issuer: Issuer) -> Verifier:
    return issuer.verifier()


@pytest.fixture
async def token(issuer: Issuer, verifier: Verifier) -> str:
    """A token that the verifier remembers, and has accepted from memory."""
    token = issuer.mint("ada")
    for _ in range(3):
        await verifier.verify(token)
    assert verifier.outcomes["remembered"] == 2
    return token


def app_of(verifier: Verifier, guard: Guard = signed_in) -> FastAPI:
    """An app whose one operation has this guard, and answers with the subject of the caller."""
    app = FastAPI()

    @app.get("/")
    async def read(caller: Annotated[Principal, Depends(guard)]) -> str:
        return caller.subject

    protect(app, verifier)
    return app


class OnlyMornings(Guard):
    """Lets callers pass while `is_morning`, whatever their token says."""

    is_morning = True

    async def ensure(self, request: HTTPConnection, principal: Principal) -> None:
        if not self.is_morning:
            raise NotPermitted("not in the morning")


async def test_a_guard_with_its_own_rule_is_asked_for_each_request(verifier: Verifier, token: str) -> None:
    guard, statuses = OnlyMornings("never:asked"), []
    async with client_for(app_of(verifier, guard)) as http:
        for is_morning in (True, False, True):
            guard.is_morning = is_morning
            statuses.append((await http.get("/", headers={"Authorization": f"Bearer {token}"})).status_code)
    assert statuses == [200, 403, 200]


@pytest.mark.parametrize("is_in_class", [False, True], ids=["one guard", "the class"])
async def test_a_rule_that_replaces_that_of_a_guard_is_asked(
    verifier: Verifier, token: str, is_in_class: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = Guard()

    async def refuse(*_: object) -> None:
        raise NotPermitted("nobody")

    async with client_for(app_of(verifier, guard)) as http:
        headers = {"Authorization": f"Bearer {token}"}
        assert (await http.get("/", headers=headers)).status_code == 200
        monkeypatch.setattr(Guard if is_in_class else guard, "ensure", refuse)
        assert (await http.get("/", headers=headers)).status_code == 403


class VerifierWithList(Verifier):
    """Refuses the subjects that are listed."""

    refused_subjects: frozenset[str] = frozenset()

    async def verify(self, token: str, is_write: bool = False) -> Principal:
        principal = await super().verify(token, is_write)
        if principal.subject in self.refused_subjects:
            raise InvalidToken("listed")
        return principal


async def test_a_verifier_with_its_own_rule_is_asked_for_each_request(issuer: Issuer) -> None:
    verifier = VerifierWithList(issuer=issuer.url, audience=issuer.audience, keys=issuer, clock=issuer.clock)
    headers = issuer.bearer("ada")
    async with client_for(app_of(verifier)) as http:
        assert (await http.get("/", headers=headers)).status_code == 200
        verifier.refused_subjects = frozenset({"ada"})
        assert (await http.get("/", headers=headers)).status_code == 401


@pytest.mark.parametrize("field", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}"])
async def test_a_token_is_remembered_however_its_scheme_is_written(verifier: Verifier, token: str, field: str) -> None:
    async with client_for(app_of(verifier)) as http:
        assert (await http.get("/", headers={"Authorization": field.format(token)})).json() == "ada"
    assert (verifier.outcomes["accepted"], verifier.outcomes["remembered"]) == (1, 3)


@pytest.mark.parametrize("field", ["Basic {}", "Bearer{}", "Bearer\t{}", "Bearer Bearer {}", "{}", "Bearer {},"])
async def test_a_remembered_token_in_another_form_is_refused(verifier: Verifier, token: str, field: str) -> None:
    async with client_for(app_of(verifier)) as http:
        assert (await http.get("/", headers={"Authorization": field.format(token)})).status_code == 401


async def test_a_remembered_token_in_two_headers_is_a_malformed_request(verifier: Verifier, token: str) -> None:
    field = ("Authorization", f"Bearer {token}")
    async with client_for(app_of(verifier)) as http:
        assert (await http.get("/", headers=[field, field])).status_code == 400
    assert verifier.outcomes["remembered"] == 2
