"""The signing keys: their published half, and the private half at rest."""

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key

from identity_service.administration import Administration
from identity_service.keys import generation
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.keys.service import SigningKeys
from tests.identity.signing import signing_kid
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import KEY_ENCRYPTION_KEY, Identity
from watchword.testing import StandingClock

JWKS = "/.well-known/jwks.json"
OTHER_KEY = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
# The example of RFC 7638 section 3.1.
RFC_7638_N = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
    "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
    "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
    "nqDKgw"
)


def test_kid_is_the_thumbprint_of_rfc_7638() -> None:
    assert generation.thumbprint(RFC_7638_N, "AQAB") == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


async def test_installing_makes_one_key_and_doing_it_again_makes_none(identity: Identity, databases: Databases) -> None:
    await databases.empty("identity", "roles", "role_permissions")
    administration = Administration(identity.parts)
    made = await administration.install(services.POSTS_URL, services.POSTS_SECRET)
    assert await administration.install(services.POSTS_URL, services.POSTS_SECRET) is None
    (key,) = await identity.parts.signing_keys.load()
    assert made is not None
    assert (key.kid, key.signs(identity.parts.clock.now())) == (made.kid, True)


async def test_published_keys_have_their_public_members_and_no_others(identity: Identity) -> None:
    response = await identity.http.get(JWKS)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/jwk-set+json"
    assert set(response.json()) == {"keys"}
    (key,) = response.json()["keys"]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
    assert (key["kty"], key["use"], key["alg"], key["e"]) == ("RSA", "sig", "RS256", "AQAB")
    assert key["kid"] == generation.thumbprint(key["n"], key["e"])


async def test_published_keys_may_be_cached_for_as_long_as_the_setting_says(identity: Identity) -> None:
    assert (await identity.http.get(JWKS)).headers["cache-control"] == "public, max-age=300"


async def test_unchanged_keys_answer_304(identity: Identity) -> None:
    etag = (await identity.http.get(JWKS)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = await identity.http.get(JWKS, headers={"If-None-Match": known})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", etag)
        assert response.headers["cache-control"] == "public, max-age=300"
    assert (await identity.http.get(JWKS, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_entity_tag_changes_with_the_keys(identity: Identity) -> None:
    etag = (await identity.http.get(JWKS)).headers["etag"]
    await identity.parts.signing_keys.rotate()
    await identity.parts.keyring.check()
    assert (await identity.http.get(JWKS, headers={"If-None-Match": etag})).status_code == 200


async def test_private_key_at_rest_cannot_be_read(identity: Identity, databases: Databases) -> None:
    (row,) = await databases.fetch("identity_app", "SELECT * FROM identity.signing_keys")
    with pytest.raises(ValueError, match=r"."):
        load_der_private_key(row["sealed_private_key"], None)
    key = Sealer(KEY_ENCRYPTION_KEY).unseal(row["kid"], row["sealed_private_key"])
    numbers = key.private_numbers()
    for secret in (numbers.p, numbers.q, numbers.d, numbers.public_numbers.n):
        assert secret.to_bytes(256).lstrip(b"\x00") not in row["sealed_private_key"]


def test_sealed_key_opens_with_its_own_key_encryption_key_and_kid_alone() -> None:
    private, public = generation.generate()
    sealed = Sealer(KEY_ENCRYPTION_KEY).seal(public.kid, private)
    assert Sealer(KEY_ENCRYPTION_KEY).unseal(public.kid, sealed).private_numbers() == private.private_numbers()
    for sealer, kid, content in (
        (Sealer(OTHER_KEY), public.kid, sealed),
        (Sealer(KEY_ENCRYPTION_KEY), "another", sealed),
        (Sealer(KEY_ENCRYPTION_KEY), public.kid, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (Sealer(KEY_ENCRYPTION_KEY), public.kid, b""),
    ):
        with pytest.raises(CannotUnseal, match="IDENTITY_KEY_ENCRYPTION_KEY"):
            sealer.unseal(kid, content)


def test_sealing_twice_gives_different_bytes() -> None:
    private, public = generation.generate()
    sealer = Sealer(KEY_ENCRYPTION_KEY)
    assert sealer.seal(public.kid, private) != sealer.seal(public.kid, private)


async def test_service_with_another_key_encryption_key_does_not_start(identity: Identity, databases: Databases) -> None:
    with pytest.raises(CannotUnseal, match="IDENTITY_KEY_ENCRYPTION_KEY"):
        async with services.identity(databases, key_encryption_key=OTHER_KEY):
            pass


async def test_no_key_is_made_under_another_key_encryption_key(
    identity_at: Identity, databases: Databases, clock: StandingClock
) -> None:
    present = signing_kid(identity_at)
    signing_keys = SigningKeys(identity_at.parts.database, Sealer(OTHER_KEY), identity_at.parts.schedule, clock)
    clock.advance(days=29.5)
    for attempt in (signing_keys.rotate(), signing_keys.get_or_make_successor(present), signing_keys.make_next()):
        with pytest.raises(CannotUnseal):
            await attempt
    rows = await databases.fetch("identity_app", "SELECT kid FROM identity.signing_keys")
    assert [row["kid"] for row in rows] == [present]
