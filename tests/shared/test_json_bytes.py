"""JSON that is bytes already is sent as any other response with the same body and fields."""

import pytest
from starlette.responses import Response

from watchword.http import JsonBytes


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("fields", [{}, {"ETag": '"1"', "Vary": "Authorization"}])
@pytest.mark.parametrize("body", [b"{}", b'{"name": "\xc3\xa4"}', b""])
def test_it_is_what_the_ordinary_response_is(body: bytes, fields: dict[str, str], status: int) -> None:
    ordinary = Response(body, status, fields, "application/json")
    response = JsonBytes(body, [(name.lower().encode(), value.encode()) for name, value in fields.items()], status)
    assert (response.body, response.status_code) == (ordinary.body, ordinary.status_code)
    assert response.raw_headers == ordinary.raw_headers
    assert (response.background, response.media_type) == (ordinary.background, ordinary.media_type)


def test_its_fields_can_be_changed() -> None:
    response = JsonBytes(b"{}")
    response.headers["ETag"] = '"1"'
    assert response.raw_headers[-1] == (b"etag", b'"1"')
