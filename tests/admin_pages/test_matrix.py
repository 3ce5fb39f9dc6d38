"""Every page of the administration and every act, for every kind of person. A line is a page and what each gets, in the
order of the heading: a status; `sign-in` for the way to the page that signs people in, and back; `again` for the same
to people who are signed on, but were authenticated too long ago for what they want to do."""

from collections.abc import Iterable, Iterator
from typing import Final

import httpx
import pytest

from identity_service.pages.admin.routers import ROUTERS
from tests.admin_pages.people import everybody
from tests.admin_pages.prepared import Prepared
from tests.admin_pages.requests import REQUESTS
from tests.identity.browsing import Browsing
from tests.support.databases import Databases
from tests.support.services import Identity

TABLE: Final = """
page                            anonymous  user  moderator  administrator  old  ended  disabled

GET  /admin/ui                    sign-in   403        403            303  303  sign-in  sign-in
ANY  /admin/ui                    sign-in   403        403            404  404  sign-in  sign-in
ANY  /admin/ui/{path:path}        sign-in   403        403            404  404  sign-in  sign-in

GET  /admin/ui/users              sign-in   403        403            200  200  sign-in  sign-in
GET  /admin/ui/users/{user_id}    sign-in   403        403            200  200  sign-in  sign-in
GET  /admin/ui/users/{user_id}/disable             sign-in  403  403  200  200    sign-in  sign-in
POST /admin/ui/users/{user_id}/disable             sign-in  403  403  303  303    sign-in  sign-in
GET  /admin/ui/users/{user_id}/enable              sign-in  403  403  200  200    sign-in  sign-in
POST /admin/ui/users/{user_id}/enable              sign-in  403  403  303  303    sign-in  sign-in
GET  /admin/ui/users/{user_id}/end-sessions        sign-in  403  403  200  200    sign-in  sign-in
POST /admin/ui/users/{user_id}/end-sessions        sign-in  403  403  303  303    sign-in  sign-in
GET  /admin/ui/users/{user_id}/password-reset      sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/users/{user_id}/password-reset      sign-in  403  403  409  again  sign-in  sign-in
GET  /admin/ui/users/{user_id}/reset-factors       sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/users/{user_id}/reset-factors       sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/users/{user_id}/roles               sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/users/{user_id}/roles               sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/users/{user_id}/delete              sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/users/{user_id}/delete              sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/users/{user_id}/deleted/{receipt}   sign-in  403  403  200  200    sign-in  sign-in

GET  /admin/ui/sessions           sign-in   403        403            200  200  sign-in  sign-in

GET  /admin/ui/roles              sign-in   403        403            200  200    sign-in  sign-in
GET  /admin/ui/roles/_new         sign-in   403        403            200  again  sign-in  sign-in
POST /admin/ui/roles/_new         sign-in   403        403            303  again  sign-in  sign-in
GET  /admin/ui/roles/{name}       sign-in   403        403            200  200    sign-in  sign-in
GET  /admin/ui/roles/{name}/change   sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/roles/{name}/change   sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/roles/{name}/delete   sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/roles/{name}/delete   sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/roles/{name}/deleted  sign-in  403  403  303  303    sign-in  sign-in

GET  /admin/ui/clients            sign-in   403        403            200  200    sign-in  sign-in
GET  /admin/ui/clients/_new       sign-in   403        403            200  again  sign-in  sign-in
POST /admin/ui/clients/_new       sign-in   403        403            200  again  sign-in  sign-in
GET  /admin/ui/clients/{client_id}                    sign-in  403  403  200  200    sign-in  sign-in
GET  /admin/ui/clients/{client_id}/change             sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/clients/{client_id}/change             sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/clients/{client_id}/add-secret         sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/clients/{client_id}/add-secret         sign-in  403  403  200  again  sign-in  sign-in
GET  /admin/ui/clients/{client_id}/end-former-secret  sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/clients/{client_id}/end-former-secret  sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/clients/{client_id}/delete             sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/clients/{client_id}/delete             sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/clients/{client_id}/deleted            sign-in  403  403  303  303    sign-in  sign-in

GET  /admin/ui/services           sign-in   403        403            200  200    sign-in  sign-in
GET  /admin/ui/services/_new      sign-in   403        403            200  again  sign-in  sign-in
POST /admin/ui/services/_new      sign-in   403        403            303  again  sign-in  sign-in
GET  /admin/ui/services/{service_id}          sign-in  403  403  200  200    sign-in  sign-in
GET  /admin/ui/services/{service_id}/change   sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/services/{service_id}/change   sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/services/{service_id}/delete   sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/services/{service_id}/delete   sign-in  403  403  303  again  sign-in  sign-in
GET  /admin/ui/services/{service_id}/deleted  sign-in  403  403  303  303    sign-in  sign-in

GET  /admin/ui/keys               sign-in   403        403            200  again  sign-in  sign-in
GET  /admin/ui/keys/rotate        sign-in   403        403            200  again  sign-in  sign-in
POST /admin/ui/keys/rotate        sign-in   403        403            303  again  sign-in  sign-in
GET  /admin/ui/keys/seal          sign-in   403        403            200  again  sign-in  sign-in
POST /admin/ui/keys/seal          sign-in   403        403            200  again  sign-in  sign-in
GET  /admin/ui/keys/{kid}           sign-in  403  403  200  again  sign-in  sign-in
GET  /admin/ui/keys/{kid}/withdraw  sign-in  403  403  200  again  sign-in  sign-in
POST /admin/ui/keys/{kid}/withdraw  sign-in  403  403  303  again  sign-in  sign-in

GET  /admin/ui/streams            sign-in   403        403            200  200  sign-in  sign-in
GET  /admin/ui/streams/{stream_id}        sign-in  403  403  200  200  sign-in  sign-in
GET  /admin/ui/streams/{stream_id}/{act}  sign-in  403  403  200  200  sign-in  sign-in
POST /admin/ui/streams/{stream_id}/{act}  sign-in  403  403  303  303  sign-in  sign-in

GET  /admin/ui/jobs                 sign-in  403  403  200  200  sign-in  sign-in
GET  /admin/ui/jobs/{job_id}/retry  sign-in  403  403  200  200  sign-in  sign-in
POST /admin/ui/jobs/{job_id}/retry  sign-in  403  403  303  303  sign-in  sign-in

GET  /admin/ui/audit              sign-in   403        403            200  200  sign-in  sign-in
GET  /admin/ui/audit/export       sign-in   403        403            200  200  sign-in  sign-in
"""
METHODS: Final = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")


def _rows() -> Iterator[tuple[str, dict[str, str]]]:
    heading, *lines = (line.split() for line in TABLE.splitlines() if line)
    people = heading[1:]
    for method, path, *outcomes in lines:
        yield f"{method} {path}", dict(zip(people, outcomes, strict=True))


ROWS: Final = dict(_rows())


def pages(routes: Iterable[object]) -> set[str]:
    """The names of the pages and acts among these routes; `ANY` is what answers every method."""
    names = set()
    for route in routes:
        methods, path = vars(route)["methods"], vars(route)["path"]
        names |= {f"ANY {path}"} if methods == set(METHODS) else {f"{method} {path}" for method in methods}
    return names


def outcome_of(answer: httpx.Response, path: str) -> str:
    """The outcome as the table says it."""
    location = httpx.URL(answer.headers.get("Location", ""))
    if location.path != "/sign-in":
        return str(answer.status_code)
    goal = location.params["return"].partition("?")[0]
    assert (answer.status_code, goal) == (303, path)
    return "again" if location.params.get("fresh") == "true" else "sign-in"


def methods_of(method: str, path: str) -> list[str]:
    """The methods that this row of the table is about."""
    return [method] if method != "ANY" else [one for one in METHODS if f"{one} {path}" not in ROWS]


async def request(browser: Browsing, method: str, path: str, prepared: Prepared) -> httpx.Response:
    if method == "POST":
        return await browser.send(path, prepared.fields)
    return await browser.http.request(method, path)


async def test_the_table_has_every_page_of_the_app(identity: Identity) -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    assert pages(routes) == ROWS.keys() == REQUESTS.keys()
    # A route of any other router would not have the guard.
    served = [route for route in identity.app.router.routes if vars(route).get("path", "").startswith("/admin/ui")]
    assert (pages(served), len(served)) == (set(ROWS), len(routes))


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("page", ROWS)
async def test_person_is_answered_as_the_table_says(identity: Identity, databases: Databases, page: str) -> None:
    method, path = page.split()
    outcomes = {}
    async with everybody(identity, databases) as people:
        assert people.keys() == ROWS[page].keys()
        for name, browser in people.items():
            each = set()
            for one in methods_of(method, path):
                prepared = await REQUESTS[page](identity)
                url = path.replace("{path:path}", "no/such/page").format(**prepared.path)
                answer = await request(browser, one, url, prepared)
                assert answer.headers["cache-control"] == "no-store"
                each.add(outcome_of(answer, url))
            outcomes[name] = " or ".join(sorted(each))
    assert outcomes == ROWS[page]
