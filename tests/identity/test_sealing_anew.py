"""The key-encryption key is changed and nobody notices: all processes know the next key, everything is sealed anew
under it, and the former one is removed."""

import asyncio
import json
import logging
from base64 import b64decode, urlsafe_b64decode
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from identity_service.authentication.known_devices import KnownDevices
from identity_service.device_grants.user_codes import normal_form
from identity_service.factors.codes import AcceptedCode
from identity_service.key_acts import sealing_anew
from identity_service.key_acts.sealing_anew import Count, SealedAnew
from identity_service.keys.key_encryption import KeyEncryptionKey, Kind
from identity_service.keys.sealing import CannotUnseal, Sealer
from identity_service.letters import LETTER, LetterKind
from identity_service.letters.enqueueing import seal
from identity_service.recording.cause import BY_COMMAND_LINE
from tests.admin.callers import Headers, administrator
from tests.identity.answers import ensure_problem
from tests.identity.command_line import environment_of, run
from tests.identity.device_flow import register_client, request_codes
from tests.identity.hook import hook
from tests.identity.letter_jobs import JOBS, NO_PAUSE, account, letter, no_jobs
from tests.identity.receivers import PUSH, cause_events, receiver_with_stream
from tests.identity.second_factors import add_app
from tests.identity.signing import signing_kid
from tests.support import services
from tests.support.databases import Databases
from tests.support.mail_server import mail_server
from tests.support.services import IDENTITY_URL, PASSWORD, Identity, bearer
from tests.support.waiting import until
from watchword.digests import KeyedDigests
from watchword.testing import StandingClock

A = services.KEY_ENCRYPTION_KEY
B = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
C = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="
SECRET = "Bearer a secret of the receiver"
SEALED = (
    "SELECT sealed_private_key AS sealed FROM identity.signing_keys"
    " UNION ALL SELECT sealed_key FROM identity.digest_keys"
    " UNION ALL SELECT sealed_push_authorization FROM identity.streams WHERE sealed_push_authorization IS NOT NULL"
    " UNION ALL SELECT decode(payload->>'sealed', 'base64') FROM identity.jobs WHERE kind = 'letter'"
    " UNION ALL SELECT sealed_secret FROM identity.totp_factors"
    " UNION ALL SELECT sealed_secret FROM identity.totp_enrolments"
)
NEVER = "UPDATE identity.jobs SET run_at = now() + interval '1 day' WHERE kind = 'letter'"
ACTS = "SELECT detail FROM identity.audit_entries WHERE action = 'keys.sealed' ORDER BY id"


def process(databases: Databases, present: str, *former: str, **settings: Any) -> AbstractAsyncContextManager[Identity]:
    """A process of the service with these key-encryption keys."""
    return services.identity(
        databases, key_encryption_key=present, former_key_encryption_keys=",".join(former), **settings
    )


def devices(identity: Identity) -> KnownDevices:
    return KnownDevices(identity.parts.sealer, identity.parts.digests, identity.parts.clock)


async def seal_anew(identity: Identity) -> SealedAnew:
    return await identity.parts.admin.sealing_anew.seal(BY_COMMAND_LINE)


async def values_under(databases: Databases, key: str) -> tuple[int, int]:
    """How many sealed values name this key, and how many do not."""
    header = KeyEncryptionKey(key).header
    named = [row["sealed"].startswith(header) for row in await databases.fetch("identity_app", SEALED)]
    return sum(named), len(named) - sum(named)


async def waits_alone(databases: Databases) -> bool:
    """Whether one letter is left, which waits for the mail server."""
    rows = await databases.fetch("identity_app", JOBS)
    return len(rows) == 1 and rows[0]["last_error"] is not None


async def waiting_letters(identity: Identity, databases: Databases, count: int) -> None:
    """So many letters whose time has not come."""
    user_id = await account(identity)
    async with identity.parts.database.begin() as db:
        for _ in range(count):
            each = letter(identity, user_id, LetterKind.NEW_DEVICE)
            await identity.parts.jobs.enqueue(db, LETTER, seal(each, identity.parts.sealer))
    await databases.execute("identity_app", NEVER)


@dataclass(frozen=True)
class Traces:
    """What people and receivers have left in the service, and in their browsers."""

    administrator: Headers
    session: dict[str, Any]
    cookie: str
    user_code: str
    stand_in: bytes


async def leave_traces(identity: Identity, push_url: str) -> Traces:
    """An administrator, a name that is withheld, a letter that waits, a pushed stream, a device that asks."""
    headers = await administrator(identity)
    await identity.register("ada")
    await identity.http.delete("/users/me", headers=await identity.signed_in("eve"))
    delivery = {"method": PUSH, "endpoint_url": push_url, "authorization_header": SECRET}
    await receiver_with_stream(identity, delivery=delivery)
    await cause_events(identity)
    await register_client(identity)
    return Traces(
        administrator=headers,
        session=await identity.sign_in("grace", resource=IDENTITY_URL),
        cookie=devices(identity).write(None, UUID(int=1), ["ada"]),
        user_code=(await request_codes(identity)).json()["user_code"],
        stand_in=identity.parts.digests.of("addresses", "ada@example.com"),
    )


async def ensure_traces(identity: Identity, databases: Databases, traces: Traces) -> None:
    """Sessions go on, and what is known by a digest is known."""
    own = bearer(traces.session["access_token"])
    assert (await identity.http.get("/users/me", headers=own)).status_code == 200
    assert (await identity.refresh(traces.session["refresh_token"])).status_code == 200
    body = {"username": "eve", "email": "new@example.com", "password": PASSWORD}
    ensure_problem(await identity.http.post("/users", json=body), 409, "username_taken")
    device = devices(identity).read(traces.cookie)
    assert device is not None
    assert (device.has_account(UUID(int=1)), device.has_login("Ada")) == (True, True)
    assert identity.parts.digests.of("addresses", "ada@example.com") == traces.stand_in
    code = identity.parts.digests.of("user codes", normal_form(traces.user_code) or "")
    rows = await databases.fetch("identity_app", "SELECT user_code FROM identity.device_grants")
    assert [row["user_code"] for row in rows] == [code]


async def seal_over_http(identity: Identity, headers: Headers) -> dict[str, Any]:
    answer = await identity.http.post("/admin/keys/seal", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["key_encryption_key"] == identity.parts.sealer.present.id
    return {each["kind"]: (each["sealed"], each["unopened"]) for each in answer.json()["kinds"]}


async def test_key_encryption_key_is_changed_and_nobody_notices(clean_databases: Databases) -> None:
    databases = clean_databases
    async with mail_server() as inbox, hook(*[500] * 50) as receiver:
        inbox.answer_to_recipient = "450 4.2.1 later"
        async with process(databases, A, **inbox.settings) as before:
            traces = await leave_traces(before, receiver.url)
        async with process(databases, B, A, **inbox.settings) as between:
            # The letter to the account that was deleted has nobody to go to.
            await until(lambda: waits_alone(databases))
            assert (await values_under(databases, A))[0] == 0
            counts = await seal_over_http(between, traces.administrator)
            ones = dict.fromkeys(("digest key", "signing key", "push authorization", "letter"), (1, 0))
            assert counts == {**ones, "authenticator app": (0, 0)}
            assert await seal_over_http(between, traces.administrator) == dict.fromkeys(counts, (0, 0))
            assert await values_under(databases, B) == (4, 0)
            device = devices(between).read(traces.cookie)
            cookie = devices(between).write(device, UUID(int=1), ["ada"])
        receiver.statuses.clear()
        receiver.heads.clear()
        inbox.answer_to_recipient = "250 OK"
        await databases.execute("identity_app", "UPDATE identity.streams SET next_push_at = NULL")
        async with process(databases, B, **inbox.settings) as after:
            await databases.execute("identity_app", NO_PAUSE)
            await ensure_traces(after, databases, replace(traces, cookie=cookie))
            await until(lambda: no_jobs(databases))
            assert inbox.recipients.count("ada@example.com") == 1
            await until(lambda: bool(receiver.heads))
            assert f"Authorization: {SECRET}" in receiver.heads[0].split("\r\n")


async def test_sealing_anew_is_one_audited_act(clean_databases: Databases) -> None:
    async with process(clean_databases, A):
        pass
    async with process(clean_databases, B, A) as identity:
        headers = await administrator(identity)
        await seal_over_http(identity, headers)
        await seal_over_http(identity, headers)
    (row,) = await clean_databases.fetch("identity_app", ACTS)
    detail = json.loads(row["detail"])
    assert detail["before"] == {"key_encryption_key": KeyEncryptionKey(A).id}
    assert detail["after"] == {"key_encryption_key": KeyEncryptionKey(B).id}


async def test_former_key_alone_reads_what_is_sealed_until_everything_is_sealed_anew(
    clean_databases: Databases,
) -> None:
    async with process(clean_databases, A) as before, process(clean_databases, B, A) as between:
        made = await between.parts.signing_keys.rotate()
        await before.parts.keyring.reload()
        assert made.kid in {key.kid for key in before.parts.keyring.published()}
        assert devices(before).read(devices(between).write(None, UUID(int=2), ["eve"])) is not None
        await seal_anew(between)
    with pytest.raises(CannotUnseal, match="IDENTITY_KEY_ENCRYPTION_KEY does not open the signing key"):
        async with process(clean_databases, A):
            pass


async def test_process_without_the_next_key_seals_nothing_and_says_why(
    clean_databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    async with process(clean_databases, A) as late, process(clean_databases, B, A) as between:
        headers = await late.signed_in("ada")
        await seal_anew(between)
        with caplog.at_level(logging.ERROR, "identity.keys"):
            await late.parts.keyring.reload()
            await late.parts.keyring.reload()
        said = [record.getMessage() for record in caplog.records if "nothing is sealed" in record.getMessage()]
        assert said == [
            "nothing is sealed by this process: IDENTITY_KEY_ENCRYPTION_KEY does not open the key of digests"
        ]
        # What it has opened serves on; what it would seal, others could lose.
        assert (await late.http.get("/users/me", headers=headers)).status_code == 200
        for attempt in (late.parts.signing_keys.rotate(), seal_anew(late)):
            with pytest.raises(CannotUnseal):
                await attempt
        with pytest.raises(CannotUnseal):
            devices(late).write(None, UUID(int=1), ["ada"])


async def test_every_process_seals_under_the_next_key_once_one_has_sealed_anew(clean_databases: Databases) -> None:
    async with process(clean_databases, B, A) as one, process(clean_databases, B, A) as other:
        await seal_anew(one)
        await other.parts.keyring.reload()
        made = await other.parts.signing_keys.rotate()
        assert made.sealed_private_key.startswith(KeyEncryptionKey(B).header)
        assert set((await seal_anew(other)).counts.values()) == {Count()}


async def test_key_that_is_rotated_just_after_is_sealed_under_the_next_key(clean_databases: Databases) -> None:
    async with process(clean_databases, B, A) as one, process(clean_databases, B, A) as other:
        await seal_anew(one)
        # It has not read the keys since, and does under their lock.
        made = await other.parts.signing_keys.rotate()
        assert made.sealed_private_key.startswith(KeyEncryptionKey(B).header)


async def test_sealing_that_was_interrupted_is_finished_by_the_next(
    clean_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing_anew, "PORTION", 2)
    settings = {"smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_security": "none", "mail_sender": "a@example.com"}
    async with process(clean_databases, B, A, **settings) as identity:
        await waiting_letters(identity, clean_databases, 5)
        table = identity.parts.admin.sealing_anew._tables[-1]
        write, calls = table.replace, []

        async def interrupted(*arguments: Any) -> None:
            calls.append(arguments)
            if len(calls) == 2:
                raise RuntimeError("the process was killed")
            await write(*arguments)

        monkeypatch.setattr(table, "replace", interrupted)
        with pytest.raises(RuntimeError):
            await seal_anew(identity)
        # A portion may have a job of another kind.
        done, left = await values_under(clean_databases, B)
        assert (done + left, left in (3, 4)) == (7, True)
        async with process(clean_databases, B, A, **settings) as other:
            assert (await seal_anew(other)).counts[Kind.LETTER] == Count(sealed=left)
        assert await values_under(clean_databases, B) == (7, 0)
    assert len(await clean_databases.fetch("identity_app", ACTS)) == 2


async def test_two_sealings_at_once_seal_each_value_once(
    clean_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing_anew, "PORTION", 3)
    async with process(clean_databases, B, A) as one, process(clean_databases, B, A) as other:
        await waiting_letters(one, clean_databases, 20)
        both = await asyncio.gather(seal_anew(one), seal_anew(other))
        sums = {kind: sum(each.counts[kind].sealed for each in both) for kind in both[0].counts}
        assert sums == {
            Kind.DIGEST_KEY: 1,
            Kind.SIGNING_KEY: 1,
            Kind.PUSH_AUTHORIZATION: 0,
            Kind.TOTP_SECRET: 0,
            Kind.LETTER: 20,
        }
        assert await values_under(clean_databases, B) == (22, 0)


async def test_app_and_enrolment_go_on_under_the_next_key_alone(
    clean_databases: Databases, clock: StandingClock
) -> None:
    async with process(clean_databases, B, A, clock=clock) as identity:
        ada, eve = await identity.register("ada"), await identity.register("eve")
        app = await add_app(identity, ada)
        async with identity.parts.database.begin() as db:
            enrolment = await identity.parts.factors.codes.enrol(db, UUID(eve), UUID(eve), clock.now())
        assert (await seal_anew(identity)).counts[Kind.TOTP_SECRET] == Count(sealed=2)
        assert await values_under(clean_databases, B) == (4, 0)
    async with process(clean_databases, B, clock=clock) as identity, identity.parts.database.begin() as db:
        codes, now = identity.parts.factors.codes, clock.now()
        assert await codes.accept(db, UUID(ada), app.code(now), now) is AcceptedCode.APP
        assert await codes.find_enrolment(db, UUID(eve), UUID(eve), now) == enrolment


async def test_what_no_key_opens_is_counted_and_stays(
    clean_databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    async with process(clean_databases, B, A) as identity:
        await waiting_letters(identity, clean_databases, 2)
        foreign = json.dumps(seal(letter(identity, str(UUID(int=1)), LetterKind.NEW_DEVICE), Sealer(C)))
        insert = "INSERT INTO identity.jobs (kind, payload, dead_at) VALUES ('letter', $1, now())"
        await clean_databases.execute("identity_app", insert, foreign)
        malformed = json.dumps({**json.loads(foreign), "sealed": "no base64"})
        await clean_databases.execute("identity_app", insert, malformed)
        assert (await seal_anew(identity)).counts[Kind.LETTER] == Count(sealed=2, unopened=2)
        (said,) = [text for text in caplog.messages if "not sealed anew" in text]
        assert said.startswith("2 of the kind letter are not sealed anew")
        rows = [json.loads(row["payload"]) for row in await clean_databases.fetch("identity_app", JOBS)]
        assert [json.loads(text) in rows for text in (foreign, malformed)] == [True, True]


async def test_dead_letters_are_sealed_anew_and_nothing_else_of_their_jobs_changes(clean_databases: Databases) -> None:
    async with process(clean_databases, B, A) as identity:
        await waiting_letters(identity, clean_databases, 1)
        await clean_databases.execute("identity_app", "UPDATE identity.jobs SET dead_at = now() WHERE kind = 'letter'")
        (before,) = await clean_databases.fetch("identity_app", JOBS)
        await seal_anew(identity)
        (after,) = await clean_databases.fetch("identity_app", JOBS)
        changed = {name for name in before.keys() if before[name] != after[name]}  # noqa: SIM118 - a record is no dict
        assert changed == {"payload"}
        was, now = json.loads(before["payload"]), json.loads(after["payload"])
        assert {name for name in was if was[name] != now[name]} == {"sealed"}
        assert b64decode(now["sealed"]).startswith(KeyEncryptionKey(B).header)


async def test_sealing_with_one_key_names_it_and_changes_nothing_else(clean_databases: Databases) -> None:
    async with process(clean_databases, A) as identity:
        tokens = await identity.parts.signing_keys.load()
        await seal_anew(identity)
        assert await values_under(clean_databases, A) == (2, 0)
        assert [key.kid for key in await identity.parts.signing_keys.load()] == [key.kid for key in tokens]
    async with process(clean_databases, A) as again:
        assert signing_kid(again) == tokens[0].kid


async def test_key_of_digests_is_derived_from_the_key_that_the_signing_keys_have(clean_databases: Databases) -> None:
    async with process(clean_databases, A) as before:
        digest = before.parts.digests.of("usernames", "ada")
    derived = KeyedDigests(urlsafe_b64decode(A))
    assert digest == derived.of("usernames", "ada")
    # As if the previous release had run until now, which has no such row.
    await clean_databases.execute("identity_app", "DELETE FROM identity.digest_keys")
    async with process(clean_databases, B, A) as between:
        assert between.parts.digests.of("usernames", "ada") == digest
        assert await values_under(clean_databases, B) == (0, 2)


async def test_processes_that_start_at_once_share_one_key_of_digests(clean_databases: Databases) -> None:
    async with process(clean_databases, A):
        await clean_databases.execute("identity_app", "DELETE FROM identity.digest_keys")
        async with process(clean_databases, A) as one, process(clean_databases, A) as other:
            await clean_databases.execute("identity_app", "DELETE FROM identity.digest_keys")
            await asyncio.gather(one.parts.digest_keys.load(), other.parts.digest_keys.load())
            assert len(await clean_databases.fetch("identity_app", "SELECT FROM identity.digest_keys")) == 1
            assert one.parts.digests.of("a", "b") == other.parts.digests.of("a", "b")


async def test_service_whose_key_of_digests_is_damaged_does_not_start(clean_databases: Databases) -> None:
    async with process(clean_databases, A):
        pass
    await clean_databases.execute("identity_app", "UPDATE identity.digest_keys SET sealed_key = '\\x0102'")
    with pytest.raises(CannotUnseal, match="does not open the key of digests"):
        async with process(clean_databases, A):
            pass


async def test_command_seals_anew_and_says_how_much(clean_databases: Databases) -> None:
    async with process(clean_databases, A):
        pass
    both = {"IDENTITY_KEY_ENCRYPTION_KEY": B, "IDENTITY_FORMER_KEY_ENCRYPTION_KEYS": f"{A}, {C}"}
    environment = {**environment_of(clean_databases), **both}
    for count in (1, 0):
        outcome = await run(environment, "keys", "seal")
        assert (outcome.status, outcome.error) == (0, "")
        assert outcome.output.splitlines() == [
            f"The key-encryption key {KeyEncryptionKey(B).id} seals everything from now on.",
            f"digest key: {count} sealed anew",
            f"signing key: {count} sealed anew",
            "push authorization: 0 sealed anew",
            "authenticator app: 0 sealed anew",
            "letter: 0 sealed anew",
        ]
    outcome = await run(environment_of(clean_databases), "keys", "seal")
    assert (outcome.status, outcome.output) == (1, "")
    assert outcome.error.startswith("IDENTITY_KEY_ENCRYPTION_KEY does not open the signing key ")
