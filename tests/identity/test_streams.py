"""The transmitter's metadata and the creation of a stream, as the CAEP interoperability profile requires them."""

from typing import Any

import pytest

from tests.identity.answers import ensure_problem, statuses
from tests.identity.receivers import POLL, PUSH, STREAMS, receiver, receiver_with_stream, stranger
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, Identity
from watchword.events.types import EventType, supported_by

SUPPORTED = list(supported_by(IDENTITY_URL))
CONFIGURATION = "/.well-known/ssf-configuration"
HOOK = {"method": PUSH, "endpoint_url": "https://feeds.example/events", "authorization_header": "Bearer hush"}


async def configuration(identity: Identity) -> dict[str, Any]:
    response = await identity.http.get(CONFIGURATION)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    return dict(response.json())


async def test_specification_version_is_one(identity: Identity) -> None:
    assert (await configuration(identity))["spec_version"] == "1_0"


async def test_issuer_is_that_of_the_oauth_metadata(identity: Identity) -> None:
    other = (await identity.http.get("/.well-known/oauth-authorization-server")).json()
    assert (await configuration(identity))["issuer"] == other["issuer"] == IDENTITY_URL


async def test_push_and_poll_are_offered(identity: Identity) -> None:
    assert set((await configuration(identity))["delivery_methods_supported"]) == {PUSH, POLL}


async def test_authorization_is_by_oauth(identity: Identity) -> None:
    assert {"spec_urn": "urn:ietf:rfc:6749"} in (await configuration(identity))["authorization_schemes"]


async def test_members_without_elements_are_left_out(identity: Identity) -> None:
    assert all((await configuration(identity)).values())


@pytest.mark.parametrize("issuer", ["https://id.example", "http://localhost:8001"])
async def test_all_endpoints_are_below_the_issuer(clean_databases: Databases, issuer: str) -> None:
    async with services.identity(clean_databases, issuer=issuer) as identity:
        metadata = await configuration(identity)
    endpoints = {
        name: metadata[name] for name in ("configuration_endpoint", "status_endpoint", "verification_endpoint")
    }
    assert endpoints == {
        "configuration_endpoint": f"{issuer}/ssf/streams",
        "status_endpoint": f"{issuer}/ssf/streams/status",
        "verification_endpoint": f"{issuer}/ssf/streams/verify",
    }
    assert metadata["jwks_uri"] == f"{issuer}/.well-known/jwks.json"


async def test_every_endpoint_requires_a_token(identity: Identity) -> None:
    metadata = await configuration(identity)
    assert (await identity.http.get(metadata["jwks_uri"])).status_code == 200
    ensure_problem(await identity.http.get(metadata["configuration_endpoint"]), 401, "unauthenticated")
    ensure_problem(await identity.http.get(metadata["status_endpoint"]), 401, "unauthenticated")
    ensure_problem(await identity.http.post(metadata["verification_endpoint"], json={}), 401, "unauthenticated")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"delivery": {}}', b'{"delivery": {"method": "urn:ietf:rfc:8936"}}'])
async def test_stream_without_a_delivery_is_polled_and_gets_every_event(identity: Identity, body: bytes) -> None:
    posts = await receiver(identity)
    headers = {**posts.headers, "Content-Type": "application/json"}
    response = await identity.http.post(STREAMS, content=body, headers=headers)
    assert (response.status_code, response.headers["cache-control"]) == (201, "no-store")
    stream_id = response.json()["stream_id"]
    assert response.json() == {
        "stream_id": stream_id,
        "iss": IDENTITY_URL,
        "aud": "posts",
        "delivery": {"method": POLL, "endpoint_url": f"{IDENTITY_URL}/ssf/streams/{stream_id}/poll"},
        "events_supported": SUPPORTED,
        "events_requested": SUPPORTED,
        "events_delivered": SUPPORTED,
        "min_verification_interval": 1,
    }


async def test_pushed_stream_shows_its_url_but_not_its_secret(identity: Identity) -> None:
    created = await (await receiver(identity)).create(delivery=HOOK, description="Feeds")
    assert created["delivery"] == {"method": PUSH, "endpoint_url": "https://feeds.example/events"}
    assert created["description"] == "Feeds"
    assert "hush" not in str(created)


async def test_unknown_members_are_ignored(identity: Identity) -> None:
    members = {"colour": "green", "delivery": {"method": POLL, "colour": "green"}}
    assert "colour" not in str(await (await receiver(identity)).create(**members))


async def test_delivered_events_are_those_both_requested_and_supported(identity: Identity) -> None:
    requested = ["https://schemas.example/unknown", EventType.SESSION_REVOKED, EventType.ACCOUNT_PURGED]
    created = await (await receiver(identity)).create(events_requested=requested)
    assert created["events_requested"] == requested
    assert set(created["events_delivered"]) == {EventType.SESSION_REVOKED, EventType.ACCOUNT_PURGED}


async def test_stream_that_requests_no_event_delivers_none(identity: Identity) -> None:
    created = await (await receiver(identity)).create(events_requested=[])
    assert created["events_delivered"] == []


async def test_second_stream_of_a_receiver_is_a_conflict(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    ensure_problem(await posts.request("POST", STREAMS, {}), 409, "stream_exists")
    assert (await posts.read())["stream_id"] == posts.stream_id


async def test_each_receiver_has_its_own_stream_and_poll_url(identity: Identity) -> None:
    posts, feeds = await receiver(identity), await stranger(identity)
    first, second = await posts.create(), await feeds.create()
    assert (first["aud"], second["aud"]) == ("posts", "feeds")
    assert first["delivery"]["endpoint_url"] != second["delivery"]["endpoint_url"]


MALFORMED: dict[str, dict[str, Any]] = {
    "unknown method": {"delivery": {"method": "urn:ietf:rfc:0000"}},
    "delivery is no object": {"delivery": "poll"},
    "events are no list": {"events_requested": "all"},
    "NUL in an event": {"events_requested": ["\x00"]},
    "NUL in the description": {"description": "\x00"},
    "endless description": {"description": "x" * 10_000},
}


@pytest.mark.parametrize("members", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_stream_is_not_created(identity: Identity, members: dict[str, Any]) -> None:
    posts = await receiver(identity)
    assert (await posts.request("POST", STREAMS, members)).status_code == 400
    assert (await posts.request("GET", STREAMS)).json() == []


UNUSABLE: dict[str, dict[str, str]] = {
    "none": {},
    "empty": {"endpoint_url": ""},
    "http": {"endpoint_url": "http://feeds.example/events"},
    "almost this machine": {"endpoint_url": "http://localhost.example/events"},
    "another scheme": {"endpoint_url": "ftp://feeds.example/events"},
    "no scheme": {"endpoint_url": "feeds.example/events"},
    "no host": {"endpoint_url": "https:///events"},
    "user information": {"endpoint_url": "https://ada:secret@feeds.example/events"},
    "user name": {"endpoint_url": "https://ada@feeds.example/events"},
    "impossible port": {"endpoint_url": "https://feeds.example:99999/events"},
    "no port": {"endpoint_url": "https://feeds.example:port/events"},
    "broken address": {"endpoint_url": "https://[::1/events"},
    "control character": {"endpoint_url": "https://feeds.example/\x07events"},
    "line feed": {"endpoint_url": "https://feeds.example/\r\nevents"},
    "fragment": {"endpoint_url": "https://feeds.example/events#here"},
}


@pytest.mark.parametrize("endpoint", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_unusable_endpoint_is_refused(identity: Identity, endpoint: dict[str, str]) -> None:
    posts = await receiver(identity)
    ensure_problem(
        await posts.request("POST", STREAMS, {"delivery": {"method": PUSH, **endpoint}}), 400, "unusable_endpoint"
    )
    assert (await posts.request("GET", STREAMS)).json() == []


@pytest.mark.parametrize("header", ["", "Bearer hush\r\nHost: evil", "Bearer \x00", "Bearer hüsh", "Bearer 密"])
async def test_authorization_that_is_not_a_valid_header_field_is_refused(identity: Identity, header: str) -> None:
    posts = await receiver(identity)
    refused = await posts.request("POST", STREAMS, {"delivery": {**HOOK, "authorization_header": header}})
    assert statuses([refused]) == {400: 1}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
async def test_http_is_allowed_to_this_machine(identity: Identity, host: str) -> None:
    url = f"http://{host}:9000/events"
    created = await (await receiver(identity)).create(delivery={"method": PUSH, "endpoint_url": url})
    assert created["delivery"]["endpoint_url"] == url
