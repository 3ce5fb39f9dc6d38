"""Importing accounts of another system from lines of JSON."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from passlib.hash import bcrypt
from sqlalchemy import insert

from identity_service.accounts.import_lines import MAX_LINE_BYTES, read_lines
from identity_service.accounts.importing import PORTION, ImportCounts
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.users.models import User
from identity_service.users.stand_ins import StandIns
from tests.identity.answers import ensure_oauth_error
from tests.identity.importing import import_lines, line
from tests.identity.mailbox import letters, token_in_letter
from tests.support import services
from tests.support.databases import Databases
from tests.support.services import PASSWORD, Identity
from tests.support.waiting import until
from watchword.clock import SystemClock
from watchword.database.errors import DatabaseUnavailable

HASH = bcrypt.using(rounds=4).hash(PASSWORD)
USERS = "SELECT * FROM identity.users ORDER BY lower(username)"
ENTRIES = "SELECT subject, actor, detail FROM identity.audit_entries WHERE action = 'user.imported' ORDER BY id"
ROLES = "SELECT username, role FROM identity.user_roles JOIN identity.users ON id = user_id ORDER BY 1, 2"
WAITING = "SELECT FROM pg_locks WHERE NOT granted"
END_THOSE_WHO_WAIT = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
MANY = 10_000


async def usernames(databases: Databases) -> list[str]:
    return [row["username"] for row in await databases.fetch("identity_app", USERS)]


async def are_waiting(databases: Databases, count: int) -> bool:
    return len(await databases.fetch("identity_owner", WAITING)) == count


@asynccontextmanager
async def held_name(databases: Databases, username: str) -> AsyncIterator[None]:
    """Make an account with this name, and give it up in the end: who wants the name waits."""
    owner = await asyncpg.connect(databases.url("identity_owner"))
    transaction = owner.transaction()
    await transaction.start()
    insert_account = "INSERT INTO identity.users (username, email, password_hash) VALUES ($1, 'x@example.com', '*')"
    await owner.execute(insert_account, username)
    yield
    await transaction.rollback()
    await owner.close()


async def register(identity: Identity, username: str) -> None:
    """Register an account, which awaits the verification of its address."""
    body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
    assert (await identity.http.post("/users", json=body)).status_code == 202


async def test_members_are_those_of_the_account(identity: Identity, databases: Databases) -> None:
    full: dict[str, Any] = {
        "full_name": "Ada Lovelace",
        "email_verified": True,
        "active": False,
        "roles": ["moderator", "user", "user"],
        "password_hash": HASH,
        "created_at": "2019-12-10T12:00:00+01:00",
    }
    counts, reports = await import_lines(identity, [line("Ada", **full), line("eve")])
    assert (counts, reports) == (ImportCounts(imported=2), [])
    ada, eve = await databases.fetch("identity_app", USERS)
    assert (ada["username"], ada["email"], ada["full_name"]) == ("Ada", "Ada@example.com", "Ada Lovelace")
    assert (ada["is_active"], ada["email_verified_at"] is not None) == (False, True)
    assert ada["created_at"].isoformat() == "2019-12-10T11:00:00+00:00"
    assert (eve["is_active"], eve["email_verified_at"], eve["awaits_verification"]) == (True, None, False)
    roles = [(row["username"], row["role"]) for row in await databases.fetch("identity_app", ROLES)]
    assert roles == [("Ada", "moderator"), ("Ada", "user"), ("eve", "user")]
    entries = {str(row["subject"]): row for row in await databases.fetch("identity_app", ENTRIES)}
    assert set(entries) == {str(ada["id"]), str(eve["id"])}
    assert {row["actor"] for row in entries.values()} == {"command line"}
    detail = json.loads(entries[str(ada["id"])]["detail"])
    assert (detail["before"], detail["after"]) == (None, {"active": False, "roles": ["moderator", "user"]})


FAULTS = {
    "no JSON": ("{", "Invalid JSON"),
    "a list": ("[]", "Input should be an object"),
    "no address": ('{"username": "ada"}', "email: Field required"),
    "another member": (line("ada", password="x"), "password: there is no such member; there are username, email"),
    "a short name": (line("a"), "username: String should have at least 3 characters"),
    "a name of other characters": (line("a d a"), "username: String should match pattern"),
    "no address at all": (line("ada", email="ada"), "email: "),
    "a text for a switch": (line("ada", active="yes"), "active: Input should be a valid boolean"),
    "null for a switch": (line("ada", active=None), "active: Input should be a valid boolean"),
    "an unknown role": (line("ada", roles=["user", "king"]), "roles: there is no role king"),
    "an unknown hash": (line("ada", password_hash="secret"), "password_hash: it is no hash of bcrypt"),
    "an expensive hash": (line("ada", password_hash=HASH.replace("$04$", "$17$")), "password_hash: bcrypt has 4 to"),
    "a time without a zone": (line("ada", created_at="2020-01-01T00:00:00"), "created_at: "),
    "a number as a time": (line("ada", created_at="1600000000"), "created_at: it is no text, such as"),
    "a time before all": (line("ada", created_at="0001-01-01T00:00:00+14:00"), "created_at: it is before the year 1"),
    "the future": (line("ada", created_at="2999-01-01T00:00:00Z"), "created_at: it is in the future"),
    "NUL": (line("ada", full_name="a\0b"), "full_name: "),
    "long": (line("ada", full_name="a" * MAX_LINE_BYTES), f"it has more than {MAX_LINE_BYTES} bytes"),
}


@pytest.mark.parametrize(("text", "fault"), FAULTS.values(), ids=FAULTS)
async def test_broken_line_is_told_and_the_others_are_imported(
    identity: Identity, databases: Databases, text: str, fault: str
) -> None:
    counts, (report,) = await import_lines(identity, [line("eve"), "", text, line("zoe")])
    assert counts == ImportCounts(imported=2, refused=1)
    assert (report.number, report.is_there) == (3, False)
    assert report.reason.startswith(fault)
    assert "secret" not in report.reason
    assert await usernames(databases) == ["eve", "zoe"]


async def test_file_may_come_from_windows(identity: Identity, databases: Databases) -> None:
    file = io.BytesIO(b"\xef\xbb\xbf" + "\r\n".join([line("ada"), "", line("eve")]).encode())
    counts = await identity.parts.imports.run(file, lambda report: pytest.fail(report.reason), BY_COMMAND_LINE)
    assert (counts.imported, await usernames(databases)) == (2, ["ada", "eve"])


async def test_names_and_addresses_that_are_there_are_skipped_and_named(identity: Identity) -> None:
    await identity.register("ada")
    lines = [
        line("ADA", email="other@example.com"),
        line("other", email="Ada@Example.com"),
        line("eve"),
        line("Eve", email="eve2@example.com"),
        line("eve2", email="EVE@example.com"),
    ]
    counts, reports = await import_lines(identity, lines)
    assert counts == ImportCounts(imported=1, skipped=4)
    assert [(report.number, report.is_there, report.reason) for report in reports] == [
        (1, True, "ADA: its name is taken"),
        (2, True, "other: its address is taken"),
        (4, True, "Eve: its name is taken"),
        (5, True, "eve2: its address is taken"),
    ]
    assert (await identity.sign_in("ada"))["access_token"]


async def test_many_lines_are_imported_once(identity: Identity, databases: Databases) -> None:
    lines = [line(f"user{number}", password_hash=HASH) for number in range(MANY)]
    lines[MANY // 2] = "broken"
    counts, reports = await import_lines(identity, lines)
    assert counts == ImportCounts(imported=MANY - 1, refused=1)
    assert [report.number for report in reports] == [MANY // 2 + 1]
    lines[MANY // 2] = line(f"user{MANY // 2}")
    counts, reports = await import_lines(identity, lines)
    assert (counts, len(reports)) == (ImportCounts(imported=1, skipped=MANY - 1), MANY - 1)
    assert len(await databases.fetch("identity_app", ENTRIES)) == MANY


async def test_rehearsal_changes_nothing(identity: Identity, databases: Databases) -> None:
    await identity.register("ada")
    outcome = await import_lines(identity, [line("ada"), line("eve"), "{"], rehearse=True)
    assert outcome[0] == ImportCounts(imported=1, skipped=1, refused=1)
    assert await usernames(databases) == ["ada"]
    assert await databases.fetch("identity_app", ENTRIES) == []
    assert await import_lines(identity, [line("ada"), line("eve"), "{"]) == outcome


async def test_account_that_awaits_verification_gives_way(clean_databases: Databases, tmp_path: Path) -> None:
    """As it does for an operator who makes a single account: nobody has shown that the address is theirs."""
    settings: dict[str, Any] = {"email_verification": "required", "mail_folder": tmp_path}
    async with services.identity(clean_databases, **settings) as identity:
        await register(identity, "ada")
        counts, _ = await import_lines(identity, [line("lovelace", email="ada@example.com", password_hash=HASH)])
        assert counts == ImportCounts(imported=1)
        assert await usernames(clean_databases) == ["lovelace"]
        await identity.sign_in("lovelace")
        # It does not, if the import would not take its place.
        await register(identity, "eve")
        counts, _ = await import_lines(identity, [line("lovelace", email="eve@example.com")])
        assert counts == ImportCounts(skipped=1)
        assert await usernames(clean_databases) == ["eve", "lovelace"]


async def test_without_a_hash_no_password_is_valid_and_a_letter_sets_one(mailing: Identity, tmp_path: Path) -> None:
    await import_lines(mailing, [line("ada")])
    for password in (PASSWORD, "*"):
        refused = await mailing.token(grant_type="password", username="ada", password=password)
        ensure_oauth_error(refused, "invalid_grant")
    assert (await mailing.http.post("/password-resets", json={"email": "ada@example.com"})).status_code == 202
    token = await token_in_letter(tmp_path, "ada@example.com", "/reset-password")
    answer = await mailing.http.post(f"/password-resets/{token}", json={"new_password": "staple battery horse"})
    assert answer.status_code == 204
    await mailing.sign_in("ada", "staple battery horse")


async def test_no_letter_is_sent(mailing: Identity, databases: Databases, tmp_path: Path) -> None:
    await import_lines(mailing, [line("ada", email_verified=True), line("eve", password_hash=HASH)])
    assert await databases.fetch("identity_app", "SELECT FROM identity.jobs WHERE kind = 'letter'") == []
    assert letters(tmp_path, "ada@example.com") + letters(tmp_path, "eve@example.com") == []


async def test_two_imports_at_once_import_each_account_once(identity: Identity, databases: Databases) -> None:
    lines = [line(f"user{number}") for number in range(3 * PORTION)]
    async with services.identity(databases) as other:
        (first, _), (second, _) = await asyncio.gather(import_lines(identity, lines), import_lines(other, lines[::-1]))
    assert first.imported + second.imported == len(lines)
    assert first.skipped + second.skipped == len(lines)
    assert len(await usernames(databases)) == len(lines)
    assert len(await databases.fetch("identity_app", ENTRIES)) == len(lines)


async def test_two_imports_of_the_same_names_do_not_wait_for_each_other(
    identity: Identity, databases: Databases
) -> None:
    """Both stand in the middle of their names when either goes on. The order of the lines is not that of the names."""
    names = [f"user{number}" for number in range(100, 100 + PORTION)]
    lines = [line(name) for name in names]
    others = [line(name, email=f"{name}@example.org") for name in reversed(names)]
    async with services.identity(databases) as other:
        async with held_name(databases, names[PORTION // 2]):
            first = asyncio.create_task(import_lines(identity, lines))
            second = asyncio.create_task(import_lines(other, others))
            await until(partial(are_waiting, databases, 2))
        counts = [(await first)[0], (await second)[0]]
    assert (sum(one.imported for one in counts), sum(one.skipped for one in counts)) == (PORTION, PORTION)


async def test_import_waits_for_a_registration_of_the_address_and_takes_its_place(
    identity: Identity, databases: Databases
) -> None:
    stand_ins = StandIns(partial(identity.parts.digests.of, "addresses"))
    async with identity.parts.database.begin() as db:
        await stand_ins.lock(db, "ada@example.com")
        account = {"username": "ada", "email": "ada@example.com", "password_hash": "*", "awaits_verification": True}
        await db.execute(insert(User).values(account))
        outcome = asyncio.create_task(import_lines(identity, [line("lovelace", email="ADA@example.com")]))
        await until(partial(are_waiting, databases, 1))
    assert await outcome == (ImportCounts(imported=1), [])
    assert await usernames(databases) == ["lovelace"]


async def test_import_that_was_cut_off_goes_on_when_it_is_run_again(identity: Identity, databases: Databases) -> None:
    """Its second portion waits for the name of an account that somebody else is making when its connection ends."""
    lines = [line(f"user{number}") for number in range(3 * PORTION)]
    async with held_name(databases, f"user{PORTION + 1}"):
        outcome = asyncio.create_task(import_lines(identity, lines))
        await until(partial(are_waiting, databases, 1))
        await databases.fetch("identity_app", END_THOSE_WHO_WAIT)
        with pytest.raises(DatabaseUnavailable):
            await outcome
    assert len(await usernames(databases)) == PORTION
    counts, _ = await import_lines(identity, lines)
    assert counts == ImportCounts(imported=2 * PORTION, skipped=PORTION)


def test_one_line_is_kept_at_a_time() -> None:
    """A line without an end is not read into memory as a whole."""

    class Endless(io.RawIOBase):
        read_bytes = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size <= MAX_LINE_BYTES + 1
            self.read_bytes += size
            return b"x" * size if self.read_bytes < 100 * MAX_LINE_BYTES else b""

    (one,) = read_lines(Endless(), SystemClock().now())  # type: ignore[arg-type]
    assert one.fault == f"it has more than {MAX_LINE_BYTES} bytes"


async def test_refused_sign_in_of_an_imported_account_looks_like_any_other(identity: Identity) -> None:
    await import_lines(identity, [line("ada", password_hash=HASH), line("eve"), line("zoe", active=False)])
    for username in ("ada", "eve", "zoe", "nobody"):
        refused = await identity.token(grant_type="password", username=username, password="wrong horse battery")
        ensure_oauth_error(refused, "invalid_grant")
