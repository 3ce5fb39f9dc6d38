"""A service that asks about a token learns as how strong the sign-in counts now."""

from identity_service.factor_acts.values import Owner
from tests.identity.second_factors import add_passkey_as, remove_passkey
from tests.identity.sessions_of_sign_ons import offer_openid, sign_on_row, start_in
from tests.identity.signing_on import register_and_sign_on
from tests.identity.test_introspect import add_reader, description
from tests.support.databases import Databases
from tests.support.services import POSTS_URL, Identity


async def test_token_is_described_as_it_counts_once_a_factor_was_removed(
    identity: Identity, databases: Databases
) -> None:
    await add_reader(identity)
    await offer_openid(databases)
    secret = await register_and_sign_on(identity)
    row = await sign_on_row(identity, secret)
    owner = Owner(row.user_id, sign_on_id=row.id)
    weak = (await start_in(identity, secret))["refresh_token"]
    passkey_id = await add_passkey_as(identity, owner)
    strong = (await start_in(identity, secret))["refresh_token"]
    tokens = []
    for refresh_token in (weak, strong):
        answer = await identity.refresh(refresh_token, client_id="web", resource=POSTS_URL)
        tokens.append(answer.json()["access_token"])
    before = [await description(identity, token) for token in tokens]
    assert [each["acr"] for each in before] == ["pwd", "phr"]
    await remove_passkey(identity, owner, passkey_id)
    after = [await description(identity, token) for token in tokens]
    assert after == [before[0], before[1] | {"acr": "pwd", "amr": ["pwd"]}]
