"""What a page of the administration says."""

import re
from html import unescape


def cells_of(page: str, label: str) -> list[str]:
    """The text of each cell in the column with this heading."""
    cells = re.findall(rf'<td role="cell" data-label="{re.escape(label)}">(.*?)</td>', page, re.DOTALL)
    return [_text(cell) for cell in cells]


def next_path(page: str) -> str | None:
    """Where the link to the next page of a list leads."""
    link = re.search(r'<a href="([^"]+)" rel="next"', page)
    return None if link is None else unescape(link[1])


def checked(page: str) -> list[str]:
    """The values of the boxes that are checked."""
    return [unescape(value) for value in re.findall(r'value="([^"]+)" checked', page)]


def hidden(page: str, name: str) -> str:
    """The value of the hidden field with this name."""
    (value,) = re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)">', page)
    return unescape(value)


def facts_of(page: str) -> dict[str, str]:
    """The terms of the page with what it says of them."""
    pairs = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    return {_text(term): _text(fact) for term, fact in pairs}


def _text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
