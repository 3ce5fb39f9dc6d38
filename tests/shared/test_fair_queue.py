"""A queue that serves its owners in turn."""

import pytest

from watchword.fair_queue import FairQueue


def queue_of(*items: str) -> FairQueue[str]:
    """A queue of items whose owner is their first letter."""
    queue: FairQueue[str] = FairQueue()
    for item in items:
        queue.put(item[0], item)
    return queue


def everything(queue: FairQueue[str]) -> list[str]:
    return [queue.take() for _ in range(len(queue))]


def test_whoever_queues_many_makes_others_wait_for_one() -> None:
    queue = queue_of("a1", "a2", "a3", "b1", "c1", "b2")
    assert everything(queue) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    with pytest.raises(KeyError):
        queue.take()


def test_an_item_that_is_taken_out_of_its_turn_changes_no_other_turn() -> None:
    queue = queue_of("a1", "b1", "a2", "a3", "c1")
    assert (queue.length_of("a"), len(queue)) == (3, 5)
    assert queue.make_room_for("b") == "a3"
    for owner, item in [("b", "b1"), ("b", "b1"), ("a", "c1"), ("d", "d1")]:
        queue.discard(owner, item)
    assert (queue.length_of("a"), queue.length_of("b"), len(queue)) == (2, 0, 3)
    assert everything(queue) == ["a1", "c1", "a2"]


def test_a_full_queue_has_room_for_whoever_has_two_items_less_than_another() -> None:
    queue = queue_of("a1", "b1", "a2", "b2", "a3")
    assert [queue.make_room_for(owner) for owner in ("a", "b", "c", "c", "c")] == [None, None, "a3", "a2", "b2"]
    assert queue.make_room_for("c") is None
    assert everything(queue) == ["a1", "b1"]
    assert queue.make_room_for("a") is None
