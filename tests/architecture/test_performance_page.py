"""docs/performance.md is made from what `make bench` has stored, and from nothing else."""

import re

import pytest

from docs import performance_page
from docs.performance_page import DOCS, MEASURED, PAGE, TEMPLATE, page, places, stored_sections
from tests.bench.measurements import MEASUREMENTS

# `make soak` prints them.
BESIDES = {"open-connections", "memory-under-load"}


def template() -> str:
    return TEMPLATE.read_text(encoding="utf-8")


def test_the_page_is_what_the_generator_makes() -> None:
    made = page(template(), stored_sections())
    assert PAGE.read_text(encoding="utf-8") == made, "make docs writes it"


def test_every_measurement_has_its_place_on_the_page_and_everything_stored_is_of_a_measurement() -> None:
    assert places(template()) == MEASUREMENTS.keys() | BESIDES
    assert stored_sections().keys() <= MEASUREMENTS.keys() | BESIDES


def test_the_template_has_no_table_and_no_unit_of_measurement() -> None:
    figures = re.findall(r"^\|.*|\b\d[\d.,]*\s?(?:ms|µs|s|MB|GB|KiB|req/s|%)(?!\w)", template(), re.MULTILINE)
    assert figures == []


def test_every_picture_of_the_page_exists_and_each_one_stored_is_shown() -> None:
    shown = set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", PAGE.read_text(encoding="utf-8")))
    assert shown == {str(path.relative_to(DOCS)) for path in MEASURED.glob("*.svg")}


def test_a_part_whose_section_was_never_measured_is_left_out() -> None:
    made = page("# Title\n\n## one\n\nProse.\n\n{{ one }}\n\n## two\n\n{{ two }}\n", {"one": "| 1 |"})
    assert made == "# Title\n\n## one\n\nProse.\n\n| 1 |\n\n"


def test_a_section_is_taken_as_it_is() -> None:
    odd = r"\1 {{ two }} \g<0>"
    assert page("## one\n\n{{ one }}\n", {"one": odd}) == f"## one\n\n{odd}\n"


def test_pictures_are_found_from_the_page(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance_page, "MEASURED", tmp_path)
    (performance_page.MEASURED / "growth.md").write_text("![Cost](growth.svg) and [a page](growth.md)\n")
    name = performance_page.MEASURED.name
    assert stored_sections() == {"growth": f"![Cost]({name}/growth.svg) and [a page](growth.md)"}
