"""Addresses that no page of ours leads to are refused, or find nothing, on a page that says so."""

from urllib.parse import quote

import pytest

from tests.identity.browsing import Browsing

UI = "/admin/ui"


@pytest.mark.parametrize("page", ["roles/{}", "roles/{}/change", "clients/{}", "clients/{}/delete", "keys/{}"])
@pytest.mark.parametrize("name", ["\0", "a\0", "é\U0001f600", "a" * 3_000])
async def test_what_no_thing_is_called_is_refused(grace: Browsing, page: str, name: str) -> None:
    answer = await grace.http.get(f"{UI}/{page.format(quote(name))}")
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"])
@pytest.mark.parametrize("field", ["since", "until"])
async def test_times_that_utc_has_not_can_be_searched_for(grace: Browsing, field: str, at: str) -> None:
    for page in ("audit", "audit/export"):
        await grace.open(f"{UI}/{page}?{field}={quote(at)}")
