"""The files that the documents name exist."""

import re
from collections.abc import Iterator

import pytest

from deploy.local.demo import AUTHORS
from tests.architecture.code import ROOT

DOCUMENTS = (
    "docs/architecture.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/decisions/README.md",
    "docs/pages.md",
    "docs/posts-pages.md",
    "docs/performance.md",
    "docs/security.md",
    "docs/second-factors.md",
)
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)+\.\w+)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)[^)]*\)")
ASVS_ROW = re.compile(r"^\| (\d+\.\d+\.\d+[\d., ]*) \| (.*) \| (.*) \|$", re.MULTILINE)
CHANGED_FILE = re.compile(r"^--- a/(\S+)$", re.MULTILINE)


def named_files(document: str) -> Iterator[str]:
    """The paths that a document names in its text or as changed by a diff, and those that it links to."""
    text = (ROOT / document).read_text(encoding="utf-8")
    yield from CHANGED_FILE.findall(text)
    prose = CODE_BLOCK.sub("", text)
    yield from PATH.findall(prose)
    folder = document.rpartition("/")[0]
    yield from (f"{folder}/{link}" if folder else link for link in LINK.findall(prose))


def exists(path: str) -> bool:
    return any((ROOT / folder / path).exists() for folder in (".", "shared", "docs"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document: str) -> None:
    paths = set(named_files(document))
    assert paths, "a document that names no file proves nothing"
    assert [path for path in sorted(paths) if not exists(path)] == []


@pytest.mark.parametrize("document", ["README.md", "examples/README.md"])
def test_the_accounts_of_a_walk_through_are_not_those_of_make_demo(document: str) -> None:
    names = set(re.findall(r'"username": "(\w+)"', (ROOT / document).read_text(encoding="utf-8")))
    assert names
    assert names & {*AUTHORS, "moderator"} == set()


def test_services_of_the_walk_throughs_can_be_made_beside_each_other() -> None:
    texts = [(ROOT / document).read_text(encoding="utf-8") for document in ("README.md", "examples/README.md")]
    services = dict(re.findall(r"services create (\S+) .*--scope '([^=]+)=", "".join(texts)))
    assert len(services) > 3
    assert len(set(services.values())) == len(services), "a scope belongs to one service"


def test_the_diffs_of_the_architecture_change_lines_that_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for path, hunk in re.findall(r"^--- a/(\S+)\n\+\+\+ .*\n((?:[ +-].*\n|\n)*?)(?=--- |```)", text, re.MULTILINE):
        code = (ROOT / path).read_text(encoding="utf-8")
        for line in re.findall(r"^[ -](?!--)(.*\S)$", hunk, re.MULTILINE):
            assert line.strip() in code, f"{path}: {line}"


def test_every_requirement_of_the_page_on_security_has_a_section_and_tests() -> None:
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)}
    rows = ASVS_ROW.findall(text)
    assert rows
    for requirements, links, tests in rows:
        sections = re.findall(r"\(#([^)]+)\)", links)
        assert sections, requirements
        assert set(sections) <= headings, requirements
        assert re.findall(r"`tests/[\w/]+\.py`", tests), requirements
