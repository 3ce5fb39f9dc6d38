"""Make docs/performance.md from its template and from the sections that `make bench` has stored: `make docs`."""

import re
from pathlib import Path

DOCS = Path(__file__).parent
MEASURED = DOCS / "measured"
TEMPLATE = DOCS / "performance.template.md"
PAGE = DOCS / "performance.md"

_PART = re.compile(r"^(?=## )", re.MULTILINE)
_PLACE = re.compile(r"^\{\{ ([\w-]+) \}\}$", re.MULTILINE)
_PICTURE = re.compile(r"(!\[[^\]]*\]\()([\w-]+\.svg\))")


def page(template: str, sections: dict[str, str]) -> str:
    """The template, each of its places filled. A part from one heading to the next is left out if a section of it has
    never been measured."""
    first, *parts = _PART.split(template)
    measured = [part for part in parts if all(name in sections for name in _PLACE.findall(part))]
    return "".join([first, *(_PLACE.sub(lambda place: sections[place[1]], part) for part in measured)])


def places(template: str) -> set[str]:
    """The names of the sections that the template has a place for."""
    return set(_PLACE.findall(template))


def stored_sections() -> dict[str, str]:
    """Each stored section by its name. Its pictures are beside it, one folder below the page."""
    return {
        path.stem: _PICTURE.sub(rf"\1{MEASURED.name}/\2", path.read_text(encoding="utf-8").strip())
        for path in MEASURED.glob("*.md")
    }


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(TEMPLATE.read_text(encoding="utf-8"), stored_sections()), encoding="utf-8")


if __name__ == "__main__":
    write()
