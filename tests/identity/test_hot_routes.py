"""The token endpoint is answered by a plan, with exactly what its description says."""

import pytest
from pydantic import TypeAdapter

from identity_service.oauth.routes import TokenResponse
from identity_service.oauth.schemas import TokenRead
from identity_service.tokens.minting import TokenAnswer
from tests.support.services import Identity
from watchword.http._hot_table import HotTable


def test_the_token_endpoint_is_planned_and_the_other_ones_are_not(identity: Identity) -> None:
    table = HotTable(identity.app)
    assert table.find("POST", "/oauth/token") is not None
    for path in ("/oauth/revoke", "/oauth/introspect", "/users"):
        assert table.find("POST", path) is None


@pytest.mark.parametrize("refresh_token", ["c.d", None])
@pytest.mark.parametrize("scope", ["posts:write", "", "ä"])
def test_tokens_are_written_as_their_description_would_write_them(scope: str, refresh_token: str | None) -> None:
    answer = TokenAnswer("a.b", 600, scope, refresh_token)
    adapter = TypeAdapter(TokenRead)
    written = adapter.dump_json(adapter.validate_python(answer.as_json()), exclude_unset=True)
    response = TokenResponse(answer)
    assert response.body == written
    assert response.raw_headers == [
        (b"content-length", str(len(written)).encode()),
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"pragma", b"no-cache"),
    ]
