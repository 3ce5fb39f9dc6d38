"""Security event tokens (RFC 8417) as SSF 1.0 and CAEP profile them."""

import json
from typing import Any
from uuid import UUID

import httpx

from identity_service.administration import Administration
from identity_service.factor_acts.values import Owner
from tests.identity.answers import claims_of, header_of
from tests.identity.receivers import Receiver, receiver_with_stream
from tests.identity.second_factors import add_app_as
from tests.support.services import IDENTITY_URL, Identity, bearer
from watchword.auth.jws import JwsReader
from watchword.auth.remote_keys import RemoteKeys
from watchword.events.types import EventType

SECEVENT = "secevent+jwt"


async def everything(identity: Identity) -> tuple[Receiver, dict[str, str]]:
    """Posts, and a token of every event type."""
    posts = await receiver_with_stream(identity)
    await posts.verify(state="a word")
    ada_id = await identity.register("ada")
    ada = bearer((await identity.sign_in("ada", resource=IDENTITY_URL))["access_token"])
    assert (await identity.http.patch("/users/me", json={"username": "lady"}, headers=ada)).status_code == 200
    assert (await identity.http.delete("/sessions/current", headers=ada)).status_code == 204
    await Administration(identity.parts).set_roles("lady", ["user", "moderator"])
    for active in (False, True):
        await Administration(identity.parts).set_active("lady", active)
    again = (await identity.sign_in("lady", resource=IDENTITY_URL))["access_token"]
    change = {"current_password": "correct horse battery", "new_password": "staple trombone violin"}
    assert (await identity.http.put("/users/me/password", json=change, headers=bearer(again))).status_code == 204
    owner = Owner(UUID(ada_id), session_id=UUID(claims_of(again)["sid"]))
    await add_app_as(identity, owner)
    await identity.parts.factors.apps.remove(owner)
    # Somebody else's: with an account go the events that name its owner.
    eve = await identity.signed_in("eve")
    assert (await identity.http.delete("/users/me", headers=eve)).status_code == 204
    return posts, await posts.sets()


async def test_every_event_type_can_be_received(identity: Identity) -> None:
    _, sets = await everything(identity)
    kinds = {kind for token in sets.values() for kind in claims_of(token)["events"]}
    assert kinds == set(EventType) - {EventType.STREAM_UPDATED}


async def test_tokens_verify_with_the_published_keys(identity: Identity) -> None:
    _, sets = await everything(identity)
    jwks = await identity.http.get("/.well-known/jwks.json")
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=jwks.json()))
    keys = RemoteKeys(f"{IDENTITY_URL}/.well-known/jwks.json", transport=transport)
    await keys.start()
    reader = JwsReader(keys, [SECEVENT])
    for token in sets.values():
        claims, _ = await reader.read(token)
        assert claims == claims_of(token)
    await keys.stop()


async def test_header_names_the_type_and_the_key(identity: Identity) -> None:
    _, sets = await everything(identity)
    jwks = (await identity.http.get("/.well-known/jwks.json")).json()
    kids = [key["kid"] for key in jwks["keys"]]
    for token in sets.values():
        header = header_of(token)
        assert (header["typ"], header["alg"]) == (SECEVENT, "RS256")
        assert header["kid"] in kids


async def test_issuer_and_audience_are_those_of_the_stream_and_the_id_that_of_the_answer(identity: Identity) -> None:
    posts, sets = await everything(identity)
    stream = await posts.read()
    for jti, token in sets.items():
        claims = claims_of(token)
        assert (claims["jti"], claims["iss"], claims["aud"]) == (jti, stream["iss"], stream["aud"])


async def test_each_token_holds_exactly_one_event_and_its_subject(identity: Identity) -> None:
    _, sets = await everything(identity)
    for token in sets.values():
        claims = claims_of(token)
        assert len(claims["events"]) == 1
        assert claims["sub_id"]["format"] in ("iss_sub", "complex", "opaque")


async def test_tokens_have_no_sub_and_never_expire(identity: Identity) -> None:
    _, sets = await everything(identity)
    for token in sets.values():
        assert claims_of(token).keys() & {"sub", "exp", "nbf", "scope", "client_id"} == set()


async def test_times_are_whole_numbers_and_every_token_has_a_txn(identity: Identity) -> None:
    _, sets = await everything(identity)
    for token in list(sets.values())[1:]:
        claims = claims_of(token)
        assert isinstance(claims["iat"], int)
        assert isinstance(claims["toe"], int)
        assert claims["txn"]


async def test_events_of_one_cause_share_a_txn_and_others_do_not(identity: Identity) -> None:
    posts = await receiver_with_stream(identity)
    await identity.register("ada")
    for _ in range(3):
        await identity.sign_in("ada")
    await Administration(identity.parts).set_active("ada", False)
    disabled, ended = [claims_of(token) for token in (await posts.sets()).values()]
    assert disabled["txn"] == ended["txn"]
    await Administration(identity.parts).set_active("ada", True)
    enabled, *_ = [claims_of(token) for token in (await posts.sets()).values()]
    assert enabled["txn"] != disabled["txn"]


async def test_token_has_the_same_claims_each_time_it_is_sent(identity: Identity) -> None:
    posts, sets = await everything(identity)
    again = await posts.sets()
    assert {jti: claims_of(token) for jti, token in again.items()} == {j: claims_of(t) for j, t in sets.items()}


async def test_tokens_hold_no_private_data(identity: Identity) -> None:
    _, sets = await everything(identity)
    everything_sent = json.dumps([claims_of(token) for token in sets.values()])
    for private in ("@example.com", "correct horse", "staple trombone", "127.0.0.1", "$2b$"):
        assert private not in everything_sent


async def test_reasons_for_administrators_name_their_language(identity: Identity) -> None:
    _, sets = await everything(identity)
    events: dict[str, Any] = {}
    for token in sets.values():
        events.update(claims_of(token)["events"])
    for kind in (EventType.SESSION_REVOKED, EventType.CREDENTIAL_CHANGE):
        assert events[kind]["reason_admin"]["en"]


async def test_access_token_reader_refuses_security_event_tokens(identity: Identity) -> None:
    _, sets = await everything(identity)
    for token in sets.values():
        assert (await identity.http.get("/users/me", headers=bearer(token))).status_code == 401
