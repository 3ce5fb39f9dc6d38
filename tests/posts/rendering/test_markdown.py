"""Markdown becomes the HTML that a page can hold: CommonMark, tables, strikethrough, links, highlighted code."""

import pytest

from posts_service.rendering.markdown import render
from tests.posts.rendering.html import ensure_safe

RELATIONS = 'rel="nofollow ugc noopener"'


def test_text_becomes_paragraphs_lists_quotes_and_emphasis() -> None:
    markdown = "Some *emphasis*, **weight**, ~~haste~~ and `code`.\n\n> quoted\n\n3. three\n4. four\n\n- one\n\n---\n"
    assert render(markdown) == (
        "<p>Some <em>emphasis</em>, <strong>weight</strong>, <s>haste</s> and <code>code</code>.</p>\n"
        "<blockquote>\n<p>quoted</p>\n</blockquote>\n"
        '<ol start="3">\n<li>three</li>\n<li>four</li>\n</ol>\n<ul>\n<li>one</li>\n</ul>\n<hr>'
    )


def test_headings_are_one_level_lower_so_that_the_title_of_the_page_stays_alone() -> None:
    assert render("# a\n\n### b\n\n###### c\n\nd\n===") == "<h2>a</h2>\n<h4>b</h4>\n<h6>c</h6>\n<h2>d</h2>"


def test_a_table_is_aligned_without_inline_styles() -> None:
    html = render("| a | b |\n|:-:|--:|\n| 1 |\n")
    assert '<th align="center">a</th>\n<th align="right">b</th>' in html
    assert '<td align="center">1</td>\n<td></td>' in html


def test_links_are_marked_as_those_of_strangers() -> None:
    assert render('[a](https://b.example "c")') == f'<p><a href="https://b.example" title="c" {RELATIONS}>a</a></p>'
    assert render("<mail@b.example>") == f'<p><a href="mailto:mail@b.example" {RELATIONS}>mail@b.example</a></p>'


@pytest.mark.parametrize(
    ("markdown", "url"),
    [
        ("see https://a.example/b_c_(d)?e=f.", "https://a.example/b_c_(d)?e=f"),
        ("(HTTP://a.example)", "HTTP://a.example"),
        ("**https://a.example/**", "https://a.example/"),
        ("《https://a.example/文》を", "https://a.example/文"),
        ("https://a.example/b*c*d", "https://a.example/b*c*d"),
        ("http://[::1]:8002/", "http://[::1]:8002/"),
    ],
)
def test_a_bare_url_is_a_link_up_to_the_end_of_its_sentence(markdown: str, url: str) -> None:
    html = render(markdown)
    assert html.count("<a ") == 1
    assert f">{url}</a>" in html


@pytest.mark.parametrize(
    "markdown",
    ["main.py", "www.a.example", "xhttp://a", "http:// a", "https://.", "ftp://a.example", "`http://a`", r"http\://a"],
)
def test_what_is_no_bare_url_is_no_link(markdown: str) -> None:
    assert "<a" not in render(markdown)


def test_a_url_within_the_text_of_a_link_is_no_link_of_its_own() -> None:
    assert render("[see http://a.example](http://b.example)").count("<a ") == 1


def test_an_image_is_a_link_so_that_its_server_learns_nothing_of_readers() -> None:
    assert render("![a *cat*](https://a.example/b.png)") == (
        f'<p><a href="https://a.example/b.png" {RELATIONS}>a cat</a></p>'
    )
    assert render("![](https://a.example/b.png)").endswith(">https://a.example/b.png</a></p>")
    badge = render("[![built](https://a.example/b.svg)](https://c.example)")
    assert badge == f'<p><a href="https://c.example" {RELATIONS}>built</a></p>'


def test_code_is_highlighted_if_its_language_is_known() -> None:
    html = render('```PY title\nif a:\n    b("<&")\n```')
    assert html.startswith('<pre><code class="language-python"><span class="k">if</span> ')
    assert ensure_safe(html).text == 'if a:\n    b("<&")\n'
    assert render('```brainfart"><b>\n<a>\n```') == "<pre><code>&lt;a&gt;\n</code></pre>"
    assert render("    <a>") == "<pre><code>&lt;a&gt;\n</code></pre>"


def test_code_that_would_become_far_longer_stays_plain() -> None:
    brackets = "a[" * 300
    assert render(f"```js\n{brackets}\n```") == f'<pre><code class="language-javascript">{brackets}\n</code></pre>'


def test_a_text_that_would_become_far_longer_is_not_taken_as_markdown() -> None:
    rows = "|" + "a|" * 40 + "\n|" + "-|" * 40 + "\n" + "|\n" * 80
    assert render(rows).startswith("<p>|a|a|")
    assert len(render(rows)) < 2 * len(rows)
