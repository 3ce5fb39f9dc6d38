"""Text that somebody else wrote, in log lines: bounded, on one line, and without characters that a terminal obeys."""

import logging

import pytest

from watchword import lines
from watchword.lines import MAX_CHARACTERS, Seldom, one_line, quoted

logger = logging.getLogger("tests.lines")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a reason", "a reason"),
        ("Grüße, 你好", "Grüße, 你好"),
        ("one\nERROR two", r"one\nERROR two"),
        ("\r\x1b[2J\x00\x7f", r"\r\x1b[2J\x00\x7f"),
        ("\u202egnp\u2028", r"\u202egnp\u2028"),
        ("\ud800", r"\ud800"),
        ("", ""),
    ],
)
def test_a_text_is_one_line_without_control_characters(text: str, shown: str) -> None:
    assert one_line(text) == shown


@pytest.mark.parametrize("text", ["x" * 10_000_000, "\n" * 10_000_000, "\x1b" * (MAX_CHARACTERS - 1)])
def test_a_text_is_bounded(text: str) -> None:
    assert len(one_line(text)) <= MAX_CHARACTERS + 1
    assert len(quoted([text, text])) <= MAX_CHARACTERS + 1


def test_the_same_message_is_logged_once_in_a_while(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    seldom = Seldom(logger)
    for number in range(3):
        seldom.log(logging.WARNING, "one", "one %d", number)
        seldom.log(logging.WARNING, "other", "other %d", number)
    assert caplog.messages == ["one 0", "other 0"]
    monkeypatch.setattr(lines, "SILENT_SECONDS", 0.0)
    seldom.log(logging.WARNING, "one", "one %d", 3)
    assert caplog.messages[2:] == ["one 3"]
