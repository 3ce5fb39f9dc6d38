"""Every operation of both services has a guard, or is on the list of public operations below."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.services import IDENTITY_URL, Identity, Posts, bearer

METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
GUARDED_BY_TOKEN = "watchword"

# These take other credentials than an access token: those of a client, which a public one does not have.
CLIENT: list[dict[str, list[str]]] = [{}, {"client": []}]
OTHER_CREDENTIALS = {
    "POST /oauth/device_authorization": CLIENT,
    "POST /oauth/introspect": CLIENT,
    "POST /oauth/revoke": CLIENT,
    "POST /oauth/token": CLIENT,
}
PUBLIC = {
    "identity": OTHER_CREDENTIALS.keys()
    | {
        "GET /.well-known/jwks.json",
        "GET /.well-known/oauth-authorization-server",
        "GET /.well-known/openid-configuration",
        "GET /.well-known/ssf-configuration",
        "GET /account-deletions/{receipt}",
        "GET /livez",
        "GET /metrics",
        "GET /oauth/authorize",
        "GET /oauth/logout",
        "GET /readyz",
        "GET /users/{user_id}",
        "POST /email-changes/{token}",
        "POST /email-changes/{token}/undo",
        "POST /email-verifications",
        "POST /email-verifications/{token}",
        "POST /oauth/authorize",
        "POST /oauth/logout",
        "POST /password-resets",
        "POST /password-resets/{token}",
        "POST /security-notices/{token}",
        "POST /users",
    },
    "posts": {"GET /livez", "GET /metrics", "GET /readyz"},
}
STREAMS = {"GET /posts/events"}
OPTIONAL = {
    "identity": set[str](),
    "posts": {
        "GET /posts",
        "GET /posts/events",
        "GET /posts/{post_id}",
        "GET /posts/by-slug/{slug}",
        "GET /posts/{post_id}/comments",
        "GET /feed.atom",
        "GET /tags",
    },
}
# A person who selects every scope of the form for signing in gets a token: those that only services get are not there.
FLOWS = {
    "identity": {"authorizationCode": {"account", "admin", "openid"}, "clientCredentials": {"ssf.manage", "ssf.read"}},
    "posts": {"authorizationCode": {"posts:write"}},
}
SCOPES = {name: set[str]().union(*flows.values()) for name, flows in FLOWS.items()}

each_service = pytest.mark.parametrize("name", sorted(PUBLIC))


Security = list[dict[str, list[str]]]


@pytest.fixture
def http(name: str, both: dict[str, httpx.AsyncClient]) -> httpx.AsyncClient:
    return both[name]


@pytest.fixture
def both(identity: Identity, posts: Posts) -> dict[str, httpx.AsyncClient]:
    return {"identity": identity.http, "posts": posts.http}


async def document_of(http: httpx.AsyncClient) -> dict[str, Any]:
    document: dict[str, Any] = (await http.get("/openapi.json")).json()
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield f"{method.upper()} {path}", item[method]


def names_of(document: dict[str, Any], is_wanted: Callable[[Security], bool]) -> set[str]:
    """The names of the operations whose `security` is of this kind."""
    return {name for name, operation in operations(document) if is_wanted(operation["security"])}


def is_public(security: Security) -> bool:
    return security == []


def is_optional(security: Security) -> bool:
    return {} in security and {GUARDED_BY_TOKEN: []} in security


def is_guarded(security: Security) -> bool:
    return bool(security) and all(list(alternative) == [GUARDED_BY_TOKEN] for alternative in security)


@each_service
async def test_every_operation_is_guarded_or_on_the_list_of_public_ones(http: httpx.AsyncClient, name: str) -> None:
    document = await document_of(http)
    everything = {operation for operation, _ in operations(document)}
    assert everything, "an empty document proves nothing"
    assert names_of(document, is_public) == PUBLIC[name] - OTHER_CREDENTIALS.keys()
    assert names_of(document, is_optional) == OPTIONAL[name]
    assert names_of(document, is_guarded) == everything - PUBLIC[name] - OPTIONAL[name] != set()


async def test_operations_with_other_credentials_name_them(identity: Identity) -> None:
    document = await document_of(identity.http)
    named = {name: operation["security"] for name, operation in operations(document) if name in OTHER_CREDENTIALS}
    assert named == OTHER_CREDENTIALS
    assert {scheme for security in named.values() for alternative in security for scheme in alternative} <= set(
        document["components"]["securitySchemes"]
    )


@each_service
async def test_guarded_operations_refuse_everybody_without_a_valid_token(http: httpx.AsyncClient, name: str) -> None:
    tried = names_of(await document_of(http), is_guarded)
    assert tried
    for operation in tried:
        method, path = operation.split()
        url = re.sub(r"{\w+}", str(uuid4()), path)
        assert (await http.request(method, url)).status_code == 401, operation
        assert (await http.request(method, url, headers=bearer("a.b.c"))).status_code == 401, operation


@each_service
async def test_optional_operations_refuse_an_invalid_token(http: httpx.AsyncClient, name: str) -> None:
    for operation in OPTIONAL[name]:
        method, path = operation.split()
        url = re.sub(r"{\w+}", str(uuid4()), path)
        # A stream does not end.
        anonymous = "HEAD" if operation in STREAMS else method
        assert (await http.request(anonymous, url)).status_code in (200, 404), operation
        assert (await http.request(method, url, headers=bearer("a.b.c"))).status_code == 401, operation


@each_service
async def test_tokens_come_from_the_issuer(http: httpx.AsyncClient, name: str) -> None:
    scheme = (await document_of(http))["components"]["securitySchemes"][GUARDED_BY_TOKEN]
    assert scheme["type"] == "oauth2"
    assert {flow: set(described["scopes"]) for flow, described in scheme["flows"].items()} == FLOWS[name]
    assert all(text for described in scheme["flows"].values() for text in described["scopes"].values())
    assert len({described["tokenUrl"] for described in scheme["flows"].values()}) == 1


async def test_identity_names_its_own_endpoints(identity: Identity) -> None:
    scheme = (await document_of(identity.http))["components"]["securitySchemes"][GUARDED_BY_TOKEN]
    flow = scheme["flows"]["authorizationCode"]
    assert flow["tokenUrl"] == f"{IDENTITY_URL}/oauth/token"
    assert flow["authorizationUrl"] == f"{IDENTITY_URL}/oauth/authorize"


@each_service
async def test_guarded_operations_name_their_scopes_and_their_refusals(http: httpx.AsyncClient, name: str) -> None:
    document = await document_of(http)
    for operation, description in operations(document):
        scopes = {
            scope for alternative in description["security"] for listed in alternative.values() for scope in listed
        }
        assert scopes <= SCOPES[name], operation
        assert ("401" in description["responses"]) or operation in PUBLIC[name], operation
        assert ("403" in description["responses"]) or not scopes, operation
