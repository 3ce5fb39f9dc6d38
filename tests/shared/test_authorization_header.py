"""A token is read from one Authorization header and from nowhere else (RFC 6750 section 2)."""

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI

from tests.shared.apps import Service, guarded_app
from watchword.auth import Principal, optional, signed_in
from watchword.testing import Issuer

NO_ERROR = 'Bearer realm="watchword"'
INVALID_TOKEN = 'Bearer realm="watchword", error="invalid_token"'


def app_of(issuer: Issuer) -> FastAPI:
    app = guarded_app(issuer)

    @app.post("/caller")
    async def read_caller(caller: Annotated[Principal, Depends(signed_in)]) -> str:
        return caller.subject

    @app.post("/anybody")
    async def read_anybody(caller: Annotated[Principal | None, Depends(optional)]) -> str | None:
        return caller.subject if caller else None

    return app


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEARER"])
async def test_scheme_is_compared_without_case(service: Service, scheme: str) -> None:
    answer = await service.http.post("/caller", headers={"Authorization": f"{scheme} {service.issuer.mint('ada')}"})
    assert answer.json() == "ada"


async def test_several_blanks_may_follow_the_scheme(service: Service) -> None:
    answer = await service.http.post("/caller", headers={"Authorization": f"Bearer   {service.issuer.mint('ada')}"})
    assert answer.json() == "ada"


@pytest.mark.parametrize("path", ["/caller", "/anybody"])
@pytest.mark.parametrize(
    "field",
    [
        pytest.param("", id="nothing"),
        pytest.param("Bearer", id="no_token"),
        pytest.param("Bearer ", id="empty_token"),
        pytest.param("Basic YWRhOnNlY3JldA==", id="Basic"),
        pytest.param("Digest username=ada", id="Digest"),
        pytest.param("DPoP {token}", id="DPoP"),
        pytest.param("{token}", id="no_scheme"),
        pytest.param("Bearer{token}", id="no_blank"),
        pytest.param("Bearer\t{token}", id="tab"),
        pytest.param("Bearer,{token}", id="comma"),
        pytest.param('Bearer token="{token}"', id="parameter"),
        pytest.param("Bearer {token}, Bearer {token}", id="list"),
        pytest.param("Bearer Bearer {token}", id="scheme_twice"),
    ],
)
async def test_header_that_is_no_bearer_token_is_refused(service: Service, path: str, field: str) -> None:
    answer = await service.http.post(path, headers={"Authorization": field.format(token=service.issuer.mint())})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == INVALID_TOKEN


@pytest.mark.parametrize("path", ["/caller", "/anybody"])
async def test_two_authorization_headers_are_a_malformed_request(service: Service, path: str) -> None:
    field = f"Bearer {service.issuer.mint()}"
    answer = await service.http.post(path, headers=[("Authorization", field), ("authorization", field)])
    assert answer.status_code == 400
    assert answer.headers["www-authenticate"] == 'Bearer realm="watchword", error="invalid_request"'


async def test_no_header_is_a_challenge_without_an_error(service: Service) -> None:
    answer = await service.http.post("/caller")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == NO_ERROR


async def test_token_in_the_query_is_ignored(service: Service) -> None:
    answer = await service.http.post("/caller", params={"access_token": service.issuer.mint()})
    assert answer.headers["www-authenticate"] == NO_ERROR
    assert (await service.http.post("/anybody", params={"access_token": service.issuer.mint()})).json() is None


async def test_token_in_a_form_is_ignored(service: Service) -> None:
    answer = await service.http.post("/caller", data={"access_token": service.issuer.mint()})
    assert answer.headers["www-authenticate"] == NO_ERROR
    assert (await service.http.post("/anybody", data={"access_token": service.issuer.mint()})).json() is None


async def test_token_in_a_cookie_is_ignored(service: Service) -> None:
    answer = await service.http.post("/caller", headers={"Cookie": f"access_token={service.issuer.mint()}"})
    assert answer.headers["www-authenticate"] == NO_ERROR
