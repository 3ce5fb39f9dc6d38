"""A topic that is published wakes those who wait for it, and nobody else."""

from uuid import uuid4

import pytest

from identity_service.events.topics import EVERY_EVENT, Topics, acknowledgements_in, events_in
from tests.support import services
from tests.support.databases import Databases
from watchword.service import process

ONE, OTHER = uuid4(), uuid4()
TOPICS = (events_in(ONE), events_in(OTHER), acknowledgements_in(ONE), EVERY_EVENT)

PAYLOADS: dict[str, set[str]] = {
    events_in(ONE): {events_in(ONE), EVERY_EVENT},
    f"{events_in(ONE)},{events_in(OTHER)}": {events_in(ONE), events_in(OTHER), EVERY_EVENT},
    acknowledgements_in(ONE): {acknowledgements_in(ONE)},
    acknowledgements_in(OTHER): set(),
    "": set(TOPICS),
    "what nobody waits for": {EVERY_EVENT},
    ",,": {EVERY_EVENT},
}


@pytest.mark.parametrize(("payload", "woken"), PAYLOADS.items(), ids=range(len(PAYLOADS)))
def test_payload_wakes_those_who_wait_for_its_topics(payload: str, woken: set[str]) -> None:
    topics = Topics()
    listeners = {topic: topics.subscribe(topic) for topic in TOPICS}
    events = {topic: listener.__enter__() for topic, listener in listeners.items()}
    topics.publish(payload)
    assert {topic for topic, event in events.items() if event.is_set()} == woken


def test_one_wakeup_can_wait_for_several_topics() -> None:
    topics = Topics()
    for topic in TOPICS:
        with topics.subscribe(*TOPICS) as wakeup:
            assert not wakeup.is_set()
            topics.wake(topic)
            assert wakeup.is_set()


def test_nothing_is_left_of_those_who_waited() -> None:
    topics = Topics()
    with topics.subscribe(*TOPICS, *TOPICS), topics.subscribe(TOPICS[0]):
        assert [topics.waiting_for(topic) for topic in TOPICS] == [2, 1, 1, 1]
    assert [topics.waiting_for(topic) for topic in TOPICS] == [0, 0, 0, 0]


def test_nobody_waits_once_topics_are_closed() -> None:
    topics = Topics()
    with topics.subscribe(TOPICS[0]) as before:
        topics.close()
        assert before.is_set()
        with topics.subscribe(TOPICS[1]) as after:
            assert after.is_set()


async def test_an_app_that_has_stopped_waits_for_no_shutdown(databases: Databases) -> None:
    before = list(process._shutdown_callbacks)
    async with services.identity(databases):
        assert len(process._shutdown_callbacks) > len(before)
    assert process._shutdown_callbacks == before
