"""The token endpoint and introspection are answered by plans, with exactly what their descriptions say."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from identity_service.caching import UncachedJson
from identity_service.oauth.introspection import INACTIVE, SHOWN_CLAIMS, describe
from identity_service.oauth.schemas import IntrospectionRead, TokenRead
from identity_service.tokens.kind import TokenKind
from identity_service.tokens.minting import TokenAnswer
from identity_service.tokens.reading import ReadToken
from tests.support.services import Identity
from watchword.http._hot_table import HotTable


def test_tokens_and_introspection_are_planned_and_other_operations_are_not(identity: Identity) -> None:
    table = HotTable(identity.app)
    for path in ("/oauth/token", "/oauth/introspect"):
        assert table.find("POST", path) is not None
    for path in ("/oauth/revoke", "/users"):
        assert table.find("POST", path) is None


@pytest.mark.parametrize("others", [{"refresh_token": "c.d"}, {"refresh_token": "c.d", "id_token": "e.f"}, {}])
@pytest.mark.parametrize("scope", ["posts:write", "", "ä"])
def test_tokens_are_written_as_their_description_would_write_them(scope: str, others: dict[str, str]) -> None:
    answer = TokenAnswer("a.b", 600, scope, others.get("refresh_token"), others.get("id_token"))
    ensure_written_as_described(TokenRead, answer.as_json())


CLAIMS = {
    "iss": "https://identity.example",
    "aud": "https://posts.example",
    "sub": "0199",
    "client_id": "web",
    "iat": 1,
    "exp": 2,
    "jti": "0198",
    "scope": "posts:write",
    "sid": "0197",
    "auth_time": 1,
    "acr": "pwd",
    "amr": ["pwd"],
    "roles": ["author"],
    "permissions": ["post:edit:any"],
    "preferred_username": 'ä "ada"',
    "ver": 0,
    "rver": 3,
}


def test_every_claim_of_a_person_can_be_shown() -> None:
    assert set(CLAIMS) == set(SHOWN_CLAIMS)


@pytest.mark.parametrize("kind", TokenKind)
@pytest.mark.parametrize(
    "missing", [(), ("sid", "roles", "permissions", "preferred_username", "ver", "rver"), ("scope",)]
)
@pytest.mark.parametrize("audience", ["https://posts.example", ["https://posts.example"]])
def test_introspection_is_written_as_its_description_would_write_it(
    kind: TokenKind, missing: tuple[str, ...], audience: str | list[str]
) -> None:
    claims = {name: value for name, value in {**CLAIMS, "aud": audience}.items() if name not in missing}
    ensure_written_as_described(IntrospectionRead, describe(ReadToken(kind, claims, "kid")))


def test_a_token_that_is_not_valid_is_written_as_its_description_would_write_it() -> None:
    ensure_written_as_described(IntrospectionRead, INACTIVE)


def ensure_written_as_described(model: type[BaseModel], content: Mapping[str, Any]) -> None:
    """The response with this content is the one that FastAPI would make by the model."""
    adapter = TypeAdapter(model)
    written = adapter.dump_json(adapter.validate_python(content), exclude_unset=True)
    response = UncachedJson(content)
    assert response.body == written
    assert response.raw_headers == [
        (b"content-length", str(len(written)).encode()),
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"pragma", b"no-cache"),
    ]
