"""HTML as a parser reads it: its elements, attributes and text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from posts_service.rendering.sanitizer import ALIGNMENTS, ATTRIBUTES, CLASSES, LINK_RELATIONS, TAGS

VOID = frozenset({"br", "hr"})


@dataclass
class Fragment(HTMLParser):
    """The elements of a fragment in order, and its text. Comments, declarations and unclosed elements are errors."""

    source: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()
        assert self.open == [], self.source

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.source

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def ensure_safe(html: str) -> Fragment:
    """Every element, attribute and value is allowed, and PostgreSQL and XML can express each character."""
    fragment = Fragment(html)
    for tag, attributes in fragment.elements:
        assert tag in TAGS, html
        for name, value in attributes.items():
            assert _is_allowed(tag, name, value or ""), f"<{tag} {name}={value!r}>"
    assert fragment.elements.count(("a", {})) == 0, "a link without rel"
    assert html == html.encode().decode()
    assert all(character >= " " or character in "\t\n\r" for character in html)
    return fragment


def _is_allowed(tag: str, name: str, value: str) -> bool:
    match tag, name:
        case _, "class":
            return value in CLASSES.get(tag, set())
        case (("td" | "th"), "align"):
            return value in ALIGNMENTS
        case "a", "rel":
            return value == LINK_RELATIONS
        case "a", "href":
            return value.lower().startswith(("http://", "https://", "mailto:"))
        case "ol", "start":
            return value.isdecimal()
    return name in ATTRIBUTES.get(tag, set())
