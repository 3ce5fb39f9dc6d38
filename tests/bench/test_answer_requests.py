"""The accounts of the measurement of answer times are what their names say."""

from passlib.hash import argon2, bcrypt_sha256

from tests.bench.answer_requests import ARGON2ID, AWAITING, BCRYPT, DISABLED, insert_accounts
from tests.support.databases import Databases
from tests.support.services import PASSWORD

ACCOUNTS = "SELECT username, password_hash, is_active, awaits_verification FROM identity.users"


async def test_there_is_an_account_of_each_kind_for_each_request(databases: Databases) -> None:
    await databases.empty("identity", "roles", "role_permissions")
    await insert_accounts(databases, 2)
    rows = {row["username"]: row for row in await databases.fetch("identity_owner", ACCOUNTS)}
    assert set(rows) == {f"{kind}{number}" for kind in (BCRYPT, ARGON2ID, DISABLED, AWAITING) for number in (1, 2)}
    assert {name for name, row in rows.items() if not row["is_active"]} == {"disabled1", "disabled2"}
    assert {name for name, row in rows.items() if row["awaits_verification"]} == {"awaiting1", "awaiting2"}
    assert bcrypt_sha256.verify(PASSWORD, rows["bcrypt1"]["password_hash"])
    assert argon2.verify(PASSWORD, rows["argon2id1"]["password_hash"])
