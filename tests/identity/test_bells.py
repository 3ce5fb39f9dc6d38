"""Bells wake those who wait for one stream, and nobody else."""

from uuid import uuid4

import pytest

from identity_service.events.bells import EVERY_EVENT, Bells, acknowledgements_in, events_in
from tests.support import services
from tests.support.databases import Databases
from watchword.service import process

ONE, OTHER = uuid4(), uuid4()
TOPICS = (events_in(ONE), events_in(OTHER), acknowledgements_in(ONE), EVERY_EVENT)

RINGS: dict[str, set[str]] = {
    events_in(ONE): {events_in(ONE), EVERY_EVENT},
    f"{events_in(ONE)},{events_in(OTHER)}": {events_in(ONE), events_in(OTHER), EVERY_EVENT},
    acknowledgements_in(ONE): {acknowledgements_in(ONE)},
    acknowledgements_in(OTHER): set(),
    "": set(TOPICS),
    "what nobody waits for": {EVERY_EVENT},
    ",,": {EVERY_EVENT},
}


@pytest.mark.parametrize(("payload", "woken"), RINGS.items(), ids=range(len(RINGS)))
def test_ring_wakes_those_who_wait_for_its_topics(payload: str, woken: set[str]) -> None:
    bells = Bells()
    listeners = {topic: bells.listening(topic) for topic in TOPICS}
    events = {topic: listener.__enter__() for topic, listener in listeners.items()}
    bells.ring(payload)
    assert {topic for topic, event in events.items() if event.is_set()} == woken


def test_one_bell_can_listen_to_several_topics() -> None:
    bells = Bells()
    for topic in TOPICS:
        with bells.listening(*TOPICS) as bell:
            assert not bell.is_set()
            bells.wake(topic)
            assert bell.is_set()


def test_nothing_is_left_of_those_who_waited() -> None:
    bells = Bells()
    with bells.listening(*TOPICS, *TOPICS), bells.listening(TOPICS[0]):
        assert [bells.waiting_for(topic) for topic in TOPICS] == [2, 1, 1, 1]
    assert [bells.waiting_for(topic) for topic in TOPICS] == [0, 0, 0, 0]


def test_closed_bells_let_nobody_wait() -> None:
    bells = Bells()
    with bells.listening(TOPICS[0]) as before:
        bells.close()
        assert before.is_set()
        with bells.listening(TOPICS[1]) as after:
            assert after.is_set()


async def test_an_app_that_has_stopped_waits_for_no_shutdown(databases: Databases) -> None:
    before = list(process._callbacks)
    async with services.identity(databases):
        assert len(process._callbacks) > len(before)
    assert process._callbacks == before
