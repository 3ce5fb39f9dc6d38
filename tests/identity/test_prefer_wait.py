"""The field Prefer of RFC 7240, as far as `wait` goes."""

import pytest

from identity_service.obedience.preference import MAX_SECONDS, wait_seconds

UNDERSTOOD = {
    "wait=3": 3,
    "wait=0": 0,
    "wait=10": 10,
    "wait=11": MAX_SECONDS,
    "wait=999999999999999999999999": MAX_SECONDS,
    "wait=0000000000000000000000003": 3,
    "Wait=3": 3,
    " wait = 3 ": 3,
    'wait="3"': 3,
    "respond-async, wait=3": 3,
    "respond-async,wait=3,return=minimal": 3,
    "wait=3; reason=tests": 3,
    'foo="wait=5, bar", wait=3': 3,
    'foo="a\\", wait=5", wait=3': 3,
    "foo; wait=5, wait=3": 3,
    "wait=3, wait=5": 3,
    ", ,wait=3": 3,
}
IGNORED = [
    *("", "wait", "wait=", "wait=-1", "wait=+1", "wait=1.5", "wait=1s", "wait=soon", "wait 3", "wait==3", 'wait="3'),
    *(
        "wait=٣",
        "waiting=3",
        "x-wait=3",
        "foo; wait=3",
        'foo="wait=3"',
        "wait=3" + " " * 1_000,
        "wait=soon, wait=3",
        "return=minimal",
    ),
]


@pytest.mark.parametrize(("field", "seconds"), UNDERSTOOD.items())
def test_preferred_wait_is_understood_and_never_longer_than_allowed(field: str, seconds: int) -> None:
    assert wait_seconds([field]) == seconds


@pytest.mark.parametrize("field", IGNORED)
def test_what_is_no_preferred_wait_is_ignored(field: str) -> None:
    assert wait_seconds([field]) is None


def test_several_fields_are_one_list() -> None:
    assert wait_seconds(["return=minimal", "wait=3", "wait=5"]) == 3
    assert wait_seconds([]) is None
