"""Some seconds of the load that `make soak ARGS="memory"` puts on both services, and what is printed of it."""

import re
from pathlib import Path

from tests.soak.memory import bytes_per_remembered_token, soak_memory


def test_every_answer_is_the_intended_one_and_each_process_is_sampled(tmp_path: Path) -> None:
    section = soak_memory(tmp_path, 12)
    assert not section.is_missed, section.text
    for service in ("identity", "posts"):
        for what in ("MB", "open files", "threads", "remembered tokens, at most"):
            row = re.findall(rf"^\| {service}, {what} \|(.+)\|$", section.text, re.MULTILINE)
            assert len(row) == 1, section.text
            assert all(float(value) > 0 for value in row[0].split("|")[1:])
        assert re.search(rf"^- {service}: .* In the second half: [+-][\d.]+ MB per hour$", section.text, re.MULTILINE)
    statuses = dict(re.findall(r"([\d,]+) × (\d+)", section.text))
    assert {"200", "201", "204", "401"} <= set(statuses.values())


async def test_the_text_and_the_caller_of_a_remembered_token_are_weighed() -> None:
    assert 1_000 < await bytes_per_remembered_token() < 10_000
