"""The pages of keys, streams and jobs."""

import re
from uuid import UUID

import pytest

from identity_service.administration import Administration
from identity_service.events.models import StreamStatus
from identity_service.recording.cause import BY_COMMAND_LINE
from tests.admin.operation_requests import make_dead_job
from tests.admin_pages.operation_requests import etag_of
from tests.identity.browsing import Browsing
from tests.identity.receivers import Receiver, receiver_with_stream
from tests.support.databases import Databases
from tests.support.services import Identity

KEYS, STREAMS, JOBS = (f"/admin/ui/{name}" for name in ("keys", "streams", "jobs"))

pytestmark = pytest.mark.usefixtures("without_waiting")


@pytest.fixture
async def receiver(identity: Identity) -> Receiver:
    return await receiver_with_stream(identity)


async def states(identity: Identity) -> dict[str, str]:
    """The state of each key by its id."""
    page = await identity.parts.admin.key_views.read_page(None, 100)
    return {view.row.kid: view.state for view in page.items}


async def test_rotating_publishes_a_key_that_does_not_sign_yet(identity: Identity, grace: Browsing) -> None:
    (present,) = await states(identity)
    answer = await grace.send(f"{KEYS}/rotate")
    page = await grace.open(answer.headers["location"])
    assert ("It is made." in page, "it does not sign yet" in page) == (True, True)
    assert sorted((await states(identity)).values()) == ["published", "signing"]
    shown = await grace.open(KEYS)
    assert all(f'href="{KEYS}/{kid}"' in shown for kid in await states(identity))
    assert "PRIVATE" not in shown.upper()
    assert (await states(identity))[present] == "signing"


async def test_a_key_is_withdrawn_once_its_beginning_was_entered_and_the_page_says_who_obeys(
    identity: Identity, grace: Browsing, receiver: Receiver
) -> None:
    (kid,) = await states(identity)
    for entered, sentence in (
        ({"repeated": kid[:7]}, "This is not what the page says."),
        ({}, "Enter what the page says."),
    ):
        refused = await grace.send(f"{KEYS}/{kid}/withdraw", entered)
        assert (refused.status_code, sentence in refused.text, kid[:8] in refused.text) == (422, True, True)
    assert (await states(identity))[kid] == "signing"
    answer = await grace.send(f"{KEYS}/{kid}/withdraw", {"repeated": kid[:8]})
    assert answer.headers["location"].startswith(f"{KEYS}/{kid}?answer=")
    page = await grace.open(answer.headers["location"])
    assert ("posts: has not confirmed it yet." in page, "Withdrawn because it leaked" in page) == (True, True)
    assert f"{KEYS}/{kid}/withdraw" not in page
    assert (await states(identity))[kid] == "compromised"
    assert receiver.stream_id


async def test_nobody_withdraws_a_key_that_is_none(grace: Browsing) -> None:
    answer = await grace.send(f"{KEYS}/no-such-key/withdraw", {"repeated": "no-such-"})
    assert (answer.status_code, "There is no such signing key." in answer.text) == (404, True)


async def test_sealing_anew_says_under_what_and_how_much(identity: Identity, grace: Browsing) -> None:
    answer = await grace.send(f"{KEYS}/seal")
    assert (answer.status_code, identity.parts.sealer.present.id in answer.text) == (200, True)
    assert "signing key" in answer.text


async def test_a_stream_shows_what_waits_in_it_and_when_it_was_polled(
    identity: Identity, grace: Browsing, receiver: Receiver
) -> None:
    path = f"{STREAMS}/{receiver.stream_id}"
    assert "Never" in await grace.open(STREAMS)
    await identity.register("ada")
    await Administration(identity.parts).set_active("ada", False)
    for page in (await grace.open(STREAMS), await grace.open(path)):
        assert re.findall(r"1, the oldest for \d+ seconds", page)
    await receiver.poll()
    assert "Never" not in await grace.open(STREAMS)


@pytest.mark.parametrize(
    ("act", "status"), [("pause", StreamStatus.PAUSED), ("disable", StreamStatus.DISABLED)], ids=str
)
async def test_a_stream_is_stopped_with_a_reason_and_enabled_again(
    identity: Identity, grace: Browsing, receiver: Receiver, act: str, status: StreamStatus
) -> None:
    path = f"{STREAMS}/{receiver.stream_id}"
    sent = {"etag": await etag_of(identity, receiver.stream_id), "reason": "Maintenance"}
    answer = await grace.send(f"{path}/{act}", sent)
    page = await grace.open(answer.headers["location"])
    assert ("It is saved." in page, "Maintenance" in page, f"{path}/{act}" in page) == (True, True, False)
    assert (await identity.parts.admin.streams.get(UUID(receiver.stream_id)))["status"] == status
    sent = {"etag": await etag_of(identity, receiver.stream_id)}
    await grace.send(f"{path}/enable", sent)
    row = await identity.parts.admin.streams.get(UUID(receiver.stream_id))
    assert (row["status"], row["status_reason"]) == (StreamStatus.ENABLED, None)


async def test_a_stream_that_somebody_else_has_changed_meanwhile_is_shown_and_kept(
    identity: Identity, grace: Browsing, receiver: Receiver
) -> None:
    etag = await etag_of(identity, receiver.stream_id)
    await identity.parts.admin.streams.set_status(
        UUID(receiver.stream_id), StreamStatus.PAUSED, "Theirs", BY_COMMAND_LINE, expect=lambda _: None
    )
    answer = await grace.send(f"{STREAMS}/{receiver.stream_id}/disable", {"etag": etag, "reason": "Mine"})
    assert (answer.status_code, "Theirs" in answer.text, "Mine" in answer.text) == (412, True, True)
    assert (await identity.parts.admin.streams.get(UUID(receiver.stream_id)))["status"] == StreamStatus.PAUSED


async def test_an_act_that_no_stream_has_is_no_page(grace: Browsing, receiver: Receiver) -> None:
    await grace.open(f"{STREAMS}/{receiver.stream_id}/delete", 422)


async def test_a_dead_job_runs_again_and_its_payload_is_never_shown(
    identity: Identity, grace: Browsing, databases: Databases
) -> None:
    job_id = await make_dead_job(identity)
    page = await grace.open(JOBS)
    assert ("ValueError: no" in page, f"{JOBS}/{job_id}/retry" in page, "of a letter" in page) == (True, True, False)
    assert str(job_id) not in await grace.open(f"{JOBS}?state=waiting")
    assert str(job_id) not in await grace.open(f"{JOBS}?kind=letter")
    answer = await grace.send(f"{JOBS}/{job_id}/retry")
    page = await grace.open(answer.headers["location"])
    assert ("The job runs again" in page, f"{JOBS}/{job_id}" in page) == (True, False)
    rows = await databases.fetch("identity_owner", "SELECT dead_at FROM identity.jobs WHERE id = $1", job_id)
    assert [row["dead_at"] for row in rows] in ([None], [])
    again = await grace.send(f"{JOBS}/{job_id}/retry")
    assert (again.status_code, "There is no dead job with this id." in again.text) == (404, True)


async def test_a_state_that_no_job_has_is_refused(grace: Browsing) -> None:
    page = await grace.open(f"{JOBS}?state=odd", 422)
    assert '<a href="#state">' in page
