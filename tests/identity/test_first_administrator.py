"""`setup` makes an administrator where nobody is one, and is never stopped by who has which name by now."""

from identity_service import administration
from identity_service.roles import repository as roles
from tests.support.services import PASSWORD, Identity


async def has_administrator(identity: Identity) -> bool:
    async with identity.parts.database.begin() as db:
        return await roles.is_held(db, "admin")


async def test_an_administrator_is_made_once(identity: Identity) -> None:
    assert await administration.ensure_administrator(identity.parts, PASSWORD) == "admin is an administrator"
    assert (await identity.sign_in("admin"))["access_token"]
    assert (
        await administration.ensure_administrator(identity.parts, "another one, as good") == "there is an administrator"
    )


async def test_one_who_has_another_name_by_now_is_enough(identity: Identity) -> None:
    await administration.create_admin(identity.parts, "root", "root@example.com", PASSWORD)
    assert await administration.ensure_administrator(identity.parts, PASSWORD) == "there is an administrator"


async def test_a_stranger_with_the_name_or_the_address_is_no_administrator_and_stops_nothing(
    identity: Identity,
) -> None:
    body = {"username": "somebody", "email": "admin@example.com", "password": PASSWORD}
    assert (await identity.http.post("/users", json=body)).status_code == 201
    said = await administration.ensure_administrator(identity.parts, PASSWORD)
    assert said == "the name admin is taken, and nobody is an administrator"
    assert not await has_administrator(identity)
    body |= {"username": "Admin", "email": "elsewhere@example.com"}
    assert (await identity.http.post("/users", json=body)).status_code == 201
    assert await administration.ensure_administrator(identity.parts, PASSWORD) == said
    assert not await has_administrator(identity)
