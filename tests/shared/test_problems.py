"""Refusals over HTTP: one table of statuses, one kind of body, nothing internal and nothing of what was sent."""

import logging
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field

from tests.shared.apps import BODY_LIMIT, Service, plain_app
from watchword import errors
from watchword.errors import AppError
from watchword.http.problem_documents import STATUS, status_of
from watchword.http.problem_responses import problem
from watchword.testing import Issuer

STATUSES: dict[type[AppError], int] = {
    errors.BadRequest: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.PreconditionRequired: 428,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
}
PASSWORD = "hunter2-hunter2"


class NameTaken(errors.Conflict):
    code = "name_taken"
    detail = "Somebody else has this name."


class WrongWord(errors.Invalid):
    code = "wrong_word"
    detail = "This word is not used here."
    pointer = "/body/word"


class Account(BaseModel):
    model_config = {"extra": "forbid"}

    name: str = Field(max_length=20)
    password: str = Field(max_length=8)
    tags: list[int] = []


def app_of(_: Issuer) -> FastAPI:
    app = plain_app()
    kinds = {kind.__name__: kind for kind in (*STATUSES, NameTaken)}

    @app.get("/refusals/{kind}")
    async def refuse(kind: str) -> None:
        raise kinds[kind](f"the reason, {PASSWORD}")

    @app.get("/words/{word}")
    async def words(word: str) -> None:
        raise WrongWord("the reason", advice="Try another word.") if word == "taken" else WrongWord

    @app.get("/accounts")
    async def accounts() -> None: ...

    @app.post("/accounts")
    async def register(account: Account) -> None: ...

    @app.delete("/accounts/{name}")
    async def delete(name: str) -> None: ...

    @app.put("/accounts/{name}")
    async def put(name: str, times: int = 1) -> None: ...

    return app


def test_every_kind_has_one_status() -> None:
    assert STATUS == STATUSES
    assert {kind for kind in AppError.__subclasses__() if kind.__module__ == "watchword.errors"} == set(STATUSES)


def test_an_error_of_no_kind_has_no_status() -> None:
    with pytest.raises(TypeError, match="AppError is of no known kind"):
        status_of(AppError())


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
async def test_refusal_is_a_problem_document(service: Service, kind: type[AppError], status: int) -> None:
    answer = await service.http.get(f"/refusals/{kind.__name__}")
    body = answer.json()
    assert answer.status_code == body["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(body) - {"errors"} == {"type", "title", "status", "detail", "code", "request_id"}
    assert (body["type"], body["title"]) == ("about:blank", answer.reason_phrase)
    assert (body["code"], body["detail"]) == (kind.code, kind.detail)
    assert body["request_id"] == answer.headers["x-request-id"]


async def test_service_says_what_is_wrong_in_its_own_words(service: Service) -> None:
    answer = await service.http.get("/refusals/NameTaken")
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["detail"]) == ("name_taken", "Somebody else has this name.")


@pytest.mark.parametrize(("kind", "seconds"), [("Unavailable", "1"), ("TooManyRequests", "60")])
async def test_refusal_that_passes_says_when_to_try_again(service: Service, kind: str, seconds: str) -> None:
    assert (await service.http.get(f"/refusals/{kind}")).headers["retry-after"] == seconds


@pytest.mark.parametrize("kind", [kind.__name__ for kind in (*STATUSES, NameTaken)])
async def test_reason_is_for_the_log_alone(service: Service, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = await service.http.get(f"/refusals/{kind}")
    assert "the reason" not in answer.text
    [record] = [record for record in caplog.records if record.name == "watchword.refusals"]
    assert vars(record)["reason"].startswith("the reason")


def test_a_reason_that_a_stranger_has_written_is_one_short_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    problem(errors.NotFound("nothing\n" * 10_000))
    [record] = caplog.records
    for text in (record.getMessage(), vars(record)["reason"]):
        assert len(text) < 400
        assert "\n" not in text


async def test_unknown_path_is_not_found(service: Service) -> None:
    answer = await service.http.get("/nothing/here")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/accounts", "GET, POST"),
        ("DELETE", "/accounts", "GET, POST"),
        ("GET", "/accounts/ada", "DELETE, PUT"),
    ],
)
async def test_unknown_method_names_every_method_of_the_path(
    service: Service, method: str, path: str, allowed: str
) -> None:
    answer = await service.http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


async def test_too_large_a_body_is_refused(service: Service) -> None:
    answer = await service.http.post("/accounts", content=b"x" * (BODY_LIMIT + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("sent", "pointers"),
    [
        ({"json": {}}, ["/body/name", "/body/password"]),
        ({"json": {"name": "ada", "password": "x", "tags": [1, "a"]}}, ["/body/tags/1"]),
        ({"json": {"name": "ada", "password": "x", "a/b~c": 1}}, ["/body/a~1b~0c"]),
        ({"json": []}, ["/body"]),
        ({"content": b""}, ["/body"]),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, ["/body/1"]),
    ],
)
async def test_malformed_body_is_answered_with_pointers(
    service: Service, sent: dict[str, Any], pointers: list[str]
) -> None:
    answer = await service.http.post("/accounts", **sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert all(set(error) == {"pointer", "code", "detail"} for error in answer.json()["errors"])


async def test_malformed_query_is_answered_with_a_pointer(service: Service) -> None:
    answer = await service.http.put("/accounts/ada", params={"times": "many"})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/query/times"]


@pytest.mark.parametrize(("word", "detail"), [("taken", "Try another word."), ("wrong", WrongWord.detail)])
async def test_rule_beyond_the_schema_is_answered_with_its_pointer_and_advice(
    service: Service, word: str, detail: str
) -> None:
    answer = await service.http.get(f"/words/{word}")
    assert answer.json()["code"] == "invalid"
    assert answer.json()["errors"] == [{"pointer": "/body/word", "code": "wrong_word", "detail": detail}]
    assert answer.json()["detail"] == errors.Invalid.detail


def test_advice_is_also_the_text_of_the_error() -> None:
    assert str(WrongWord(advice="Try another word.")) == "Try another word."
    assert str(WrongWord("the reason", advice="Try another word.")) == "the reason"
    assert str(WrongWord()) == WrongWord.detail


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"name": "ada", "password": PASSWORD}},
        {"json": {"name": ["ada"], "password": [PASSWORD]}},
        {"json": {"name": "ada", "password": "x", "again": PASSWORD}},
        {"json": PASSWORD},
        {"content": f'{{"password": "{PASSWORD}"'.encode(), "headers": {"Content-Type": "application/json"}},
        {"content": f'"{PASSWORD}'.encode(), "headers": {"Content-Type": "application/json"}},
        {"content": PASSWORD.encode(), "headers": {"Content-Type": "text/plain"}},
        {"data": {"password": PASSWORD}},
    ],
)
async def test_nothing_that_was_sent_is_repeated(
    service: Service, sent: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await service.http.post("/accounts", **sent)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text
    assert PASSWORD not in repr([vars(record) for record in caplog.records])
