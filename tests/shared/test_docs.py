"""The documentation page is our own: no other host serves a part of it."""

import re

import pytest

from tests.support.services import Posts


async def test_page_and_all_its_parts_come_from_here(posts: Posts) -> None:
    page = await posts.http.get("/docs")
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert parts
    assert all(part.startswith("/docs/") for part in parts)
    for part in parts:
        assert (await posts.http.get(part)).status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["index.html", "__init__.py", "..", "%2e%2e%2f__init__.py"])
async def test_no_other_file_is_served(posts: Posts, name: str) -> None:
    answer = await posts.http.get(f"/docs/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
