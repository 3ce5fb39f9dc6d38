"""Reading answers: the claims of a token, the pointers of a problem document, an OAuth error."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import httpx


def header_of(token: str) -> dict[str, Any]:
    return _part(token, 0)


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, without checking its signature."""
    return _part(token, 1)


def pointers(response: httpx.Response, status: int = 422) -> list[str]:
    """The pointers of a validation problem, which say where the errors are."""
    assert response.status_code == status, response.text
    return [item["pointer"] for item in response.json()["errors"]]


def ensure_problem(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code


def ensure_oauth_error(response: httpx.Response, error: str, status: int = 400) -> None:
    """The form of RFC 6749 section 5.2."""
    assert (response.status_code, response.json().get("error")) == (status, error), response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert set(response.json()) == {"error", "error_description"}


def statuses(responses: list[httpx.Response]) -> dict[int, int]:
    """How often each status was answered."""
    answered = [response.status_code for response in responses]
    return {status: answered.count(status) for status in sorted(set(answered))}


def _part(token: str, number: int) -> dict[str, Any]:
    part = token.split(".")[number]
    return dict(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))))
