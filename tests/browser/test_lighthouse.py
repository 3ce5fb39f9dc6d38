"""What Lighthouse says of the pages that everybody reads, as a phone with a slow network sees them."""

from pathlib import Path

import pytest

from tests.browser.blog import Blog
from tests.browser.grading import graded

LEAST_POINTS = 95


@pytest.mark.parametrize("name", ["home", "post"])
async def test_a_page_is_accessible_and_follows_best_practices(
    blog: Blog, chromium: str, tmp_path: Path, name: str
) -> None:
    path = {"home": "/", "post": f"/p/{blog.posts[-1]['slug']}"}[name]
    report = await graded(f"{blog.running.posts}{path}", chromium, tmp_path)
    # Performance depends on the machine: `make test ARGS="-s tests/browser/test_lighthouse.py"` reports it.
    print(f"\n{name}: {report.points} {report.flaws}")  # noqa: T201
    for category in ("accessibility", "best-practices"):
        assert report.points[category] >= LEAST_POINTS, report.flaws[category]
