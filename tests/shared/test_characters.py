"""Which texts a reader can see."""

import pytest

from tests.support.characters import INVISIBLE, JOINED
from watchword.characters import has_visible


@pytest.mark.parametrize("text", ["", " \t\n\x00\x85", *INVISIBLE.values()])
def test_nothing_is_seen_of_characters_without_a_form(text: str) -> None:
    assert not has_visible(text)


@pytest.mark.parametrize("text", ["a", "\u2800.", "\ue000", "\u20dd", "\u0600", "\u06dd", *JOINED.values()])
def test_one_visible_character_is_enough(text: str) -> None:
    assert has_visible(text)
