"""Whatever a stranger writes, the HTML has harmless elements, attributes and URLs only."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posts_service.rendering.highlighting import highlight
from posts_service.rendering.languages import LANGUAGES, find_language
from posts_service.rendering.markdown import render
from posts_service.rendering.plain import is_plain, plain_paragraphs
from tests.posts.rendering.html import Fragment, ensure_safe

HTML = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">a</a>',
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>*{display:none}</style>",
    "<math><mtext></table><mglyph><style><img src onerror=alert(1)>",
    "<!-- a --><![CDATA[b]]><?c?><!d>",
    "<b onclick=alert(1) style=color:red id=a class=b>a</b>",
    '`<b>` **<b>** [<b>](https://a.example "<b>")',
    '<https://a.example/"onmouseover=alert(1)>',
    "```html\n</code></pre><script>alert(1)</script>\n```",
    '```py"><script>alert(1)</script>\na\n```',
    "|<b>|\n|-|\n|<script>|\n",
]
URLS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;&#x61;vascript&colon;alert(1)",
    "java&Tab;script:alert(1)",
    "java&NewLine;script:alert(1)",
    "\x01javascript:alert(1)",
    "%6aavascript:alert(1)",
    "javascript&#58;//a.example",
    "data:text/html;base64,PHNjcmlwdD4=",
    "data:image/svg+xml,<svg/onload=alert(1)>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "//a.example",
    "/posts",
    "#a",
    "https:javascript:alert(1)",
    "blob:a.example/b",
    "\u202ejavascript:alert(1)",
]


@pytest.mark.parametrize("markdown", HTML)
def test_html_is_text(markdown: str) -> None:
    fragment = ensure_safe(render(markdown))
    assert not {"script", "img", "svg", "iframe", "style", "math", "b"} & {tag for tag, _ in fragment.elements}


@pytest.mark.parametrize("url", URLS)
def test_no_spelling_of_another_scheme_makes_a_link(url: str) -> None:
    for markdown in (
        f"[a]({url})",
        f"[a](<{url}>)",
        f"![a]({url})",
        f"<{url}>",
        f"[a]\n\n[a]: {url}\n",
        f"[a][b]\n\n[b]:{url}",
    ):
        assert all("href" not in attributes for _, attributes in ensure_safe(render(markdown)).elements), markdown


SIZE = 65_536
RUNS = [
    "[",
    "]",
    "*",
    ">",
    "`",
    "<",
    "&",
    "\\",
    "~",
    "|",
    "#",
    "-",
    "_",
    "!",
    "(",
    "\u202e",
    "\x00",
    "\ud800",
    "\n",
    "\t",
]


@pytest.mark.parametrize("character", RUNS)
def test_sixty_four_thousand_of_one_character_are_safe(character: str) -> None:
    ensure_safe(render(character * SIZE))


DEEP = {
    "quotes": "\n".join(">" * depth + " a" for depth in range(120)),
    "lists": "\n".join("  " * depth + "- a" for depth in range(120)),
    "both": "> - " * 2_000 + "a",
    "brackets": "[" * 4_000 + "]" * 4_000,
    "links": "[" * 500 + "a" + "](https://a.example)" * 500,
    "images": "![" * 500 + "a" + "](https://a.example)" * 500,
    "emphasis": "*a _b " * 2_000,
    "emphasis within emphasis": "*" * 4_000 + "a" + "*" * 4_000,
    "backticks": "".join("`" * length + "a" for length in range(120)),
    "columns": "|" + "a|" * 3_000 + "\n|" + "-|" * 3_000 + "\n|b|\n",
    "schemes": "://" * 20_000,
    "urls": "http://" * 9_000,
    "parentheses": "http://a" + ")" * 60_000,
    "definitions": "".join(f"[{number}]: https://a.example\n" for number in range(500)) + "[1]" * 1_000,
    "entities": "&amp;&#0;&#xD800;&#1;&#xFFFF;&nbsp;&lt;script&gt;" * 200,
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_and_long_repetitions_are_safe(name: str) -> None:
    html = render(DEEP[name])
    ensure_safe(html)
    assert len(html) < 10 * len(DEEP[name]) + 10_000


PIECES = [
    "[",
    "](",
    ")",
    "![",
    "<",
    ">",
    "*",
    "_",
    "`",
    "```",
    "~",
    "|",
    "|-|",
    "\n",
    "  ",
    "- ",
    "1. ",
    "> ",
    "# ",
    "&#",
    ";",
]
texts = st.text() | st.lists(
    st.sampled_from([*PIECES, *URLS, *HTML, "https://a.example", "a", '"', "'", "\\", "\ud800"]), max_size=30
).map("".join)
more = settings(max_examples=150, deadline=None)


@more
@given(texts)
def test_any_text_becomes_safe_html(markdown: str) -> None:
    ensure_safe(render(markdown))


@more
@given(
    st.text(st.characters(exclude_characters="`\r\x00", exclude_categories=["Cs"])), st.sampled_from(sorted(LANGUAGES))
)
def test_highlighting_changes_no_character_of_any_code(text: str, language: str) -> None:
    code = text + "\n"
    assert find_language(language) == language
    assert Fragment(highlight(code, language)).text == code


@more
@given(
    st.lists(
        st.text(max_size=20)
        | st.text(st.characters(categories=["Cs", "Cc"]), max_size=2)
        | st.sampled_from(["\n", "\n\n", " ", "a", "1.", "-", "=", '"', ">", "&"])
    ).map("".join)
)
def test_plain_text_needs_no_parser(text: str) -> None:
    ensure_safe(plain_paragraphs(text))
    if is_plain(text):
        assert plain_paragraphs(text) == render(text)
