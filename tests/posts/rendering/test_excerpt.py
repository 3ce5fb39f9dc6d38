"""The excerpt of a text is its summary if the author has written none: plain, short, and cut between characters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posts_service.posts.models import SUMMARY_CHARACTERS
from posts_service.rendering.excerpt import ELLIPSIS, excerpt


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# Title\n\nWe **moved** the `queue`\nto _snake_case_.", "We moved the queue to snake_case."),
        ("[a *link*](https://a.example/b(c)), ![an image](d) and [![a badge](e)](f)", "a link, an image and a badge"),
        ("[one][1] <https://a.example>\n\n[1]: https://b.example", "one https://a.example"),
        ("> - quoted\n>\n> 2. second", "quoted second"),
        ("```py\ncode()\n```\nafter\n~~~\n```\n~~~", "after"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a b 1 2"),
        ("2 * 3 = 6, \\*a\\* &amp; ~~b~~ a_b_c", "2 * 3 = 6, *a* & b a_b_c"),
        ("a\x00b\u202ec\ud800d\u2066", "abcd"),
        ("Heading\n===\n\n---\n\n", "Heading"),
        ("", ""),
        ("```\nonly code", ""),
    ],
)
def test_markup_is_left_out(markdown: str, text: str) -> None:
    assert excerpt(markdown, SUMMARY_CHARACTERS) == text


def test_a_long_text_ends_with_a_whole_word_and_an_ellipsis() -> None:
    assert excerpt("one two three four", 10) == "one two" + ELLIPSIS
    assert excerpt("one two", 7) == "one two"
    assert excerpt("a" * 300, SUMMARY_CHARACTERS) == "a" * 279 + ELLIPSIS
    assert excerpt("short " + " " * 5_000 + "far away", SUMMARY_CHARACTERS) == "short" + ELLIPSIS


@pytest.mark.parametrize("character", ["e\u0301", "🇩🇪", "👩\u200d👩\u200d👧", "👍🏽", "नि", "☺\ufe0f"])
def test_no_character_is_cut_into_parts(character: str) -> None:
    for characters in range(20, 40):
        text = excerpt(character * 50, characters).removesuffix(ELLIPSIS)
        assert text == character * (len(text) // len(character))
        assert characters - len(ELLIPSIS) - len(character) < len(text) < characters


@settings(max_examples=150, deadline=None)
@given(st.text() | st.lists(st.sampled_from([*"[]()*_`~<>|#-\\ \n\taé&!", "\ud800", "\u202e", "🇩"])).map("".join))
def test_the_excerpt_of_any_text_is_one_short_line(markdown: str) -> None:
    text = excerpt(markdown, 30)
    assert len(text) <= 30
    assert text == " ".join(text.encode().decode().split())
    assert all(character.isprintable() or ord(character) > 0x9F for character in text)


@pytest.mark.parametrize(
    "piece", ["[", "[](", "[a](", "](", "<http://", "*a", "_", "`", "\\", ">", "- ", "|", "\u200d"]
)
def test_only_the_first_characters_are_read(piece: str) -> None:
    assert len(excerpt(piece * 1_000_000, SUMMARY_CHARACTERS)) <= SUMMARY_CHARACTERS
