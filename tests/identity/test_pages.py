"""The pages of identity without a browser: what they refuse, and what their answers say to one."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from identity_service.pages.rendering import page_fields
from tests.support.databases import Databases
from tests.support.services import IDENTITY_URL, PASSWORD, Identity

ORIGIN = {"Origin": IDENTITY_URL}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ADA = {"username": "ada", "email": "ada@example.com", "full_name": "", "password": PASSWORD}


async def sign_up(identity: Identity, headers: Mapping[str, str] = ORIGIN, **fields: str) -> httpx.Response:
    return await identity.http.post("/sign-up", data={**ADA, **fields}, headers=headers)


async def accounts(databases: Databases) -> int:
    return len(await databases.fetch("identity_owner", "SELECT 1 FROM identity.users"))


async def test_a_form_makes_an_account_once_and_leads_to_a_page(identity: Identity, databases: Databases) -> None:
    answer = await sign_up(identity)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/done/account-created")
    assert "account is ready" in (await identity.http.get(answer.headers["Location"])).text
    assert (await sign_up(identity)).status_code == 422
    assert await accounts(databases) == 1
    await identity.sign_in("ada")


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"username": "a"}, "username", "3 to 32 letters"),
        ({"username": ""}, "username", "Enter a username"),
        ({"username": "admin"}, "username", "reserved"),
        ({"email": "ada"}, "email", "name@example.com"),
        ({"password": "short"}, "password", "at least 8 characters"),
        ({"password": "password1"}, "password", "easy to guess"),
    ],
)
async def test_an_error_is_shown_at_its_field_and_keeps_all_but_the_password(
    identity: Identity, databases: Databases, fields: dict[str, str], field: str, text: str
) -> None:
    answer = await sign_up(identity, ORIGIN, **{"full_name": 'Ada <b>"&', **fields})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert re.search(rf'<a href="#{field}">[^<]*{re.escape(text)}', answer.text)
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*{field}-flaw', answer.text)
    assert 'value="Ada &lt;b&gt;&#34;&amp;"' in answer.text
    assert ({**ADA, **fields})["password"] not in answer.text
    assert await accounts(databases) == 0


FOREIGN: dict[str, dict[str, str] | list[tuple[str, str]]] = {
    "no Origin": {},
    "null": {"Origin": "null"},
    "another port": {"Origin": "http://localhost:8002"},
    "another scheme": {"Origin": "https://localhost:8001"},
    "our Origin with more": {"Origin": f"{IDENTITY_URL}.evil.example"},
    "two Origins": [("Origin", IDENTITY_URL), ("Origin", "https://evil.example")],
    "same-site": {**ORIGIN, "Sec-Fetch-Site": "same-site"},
    "cross-site": {**ORIGIN, "Sec-Fetch-Site": "cross-site"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
async def test_a_form_that_no_page_of_ours_has_sent_changes_nothing(
    identity: Identity, databases: Databases, headers: dict[str, str] | list[tuple[str, str]]
) -> None:
    answer = await identity.http.post(
        "/sign-up", content=urlencode(ADA), headers=[*httpx.Headers(headers).multi_items(), *FORM.items()]
    )
    assert answer.status_code == 403
    assert IDENTITY_URL in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
    assert await accounts(databases) == 0


MALFORMED = {
    "a field that is repeated": (urlencode([*ADA.items(), ("username", "eve")]).encode(), FORM, 400),
    "an unknown field": (urlencode({**ADA, "role": "admin"}).encode(), FORM, 400),
    "JSON": (b"{}", {"Content-Type": "application/json"}, 400),
    "no content type": (urlencode(ADA).encode(), {}, 400),
    "not UTF-8": (b"username=%ff", FORM, 400),
    "many fields": (b"a=1&" * 40, FORM, 400),
    "ten megabytes": (b"username=" + b"a" * 10_000_000, FORM, 413),
    "more than a form may have": (b"username=" + b"a" * 20_000, FORM, 413),
}


@pytest.mark.parametrize(("body", "headers", "status"), MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_form_that_is_malformed_is_refused_with_a_page(
    identity: Identity, databases: Databases, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await identity.http.post("/sign-up", content=body, headers={**ORIGIN, **headers})
    assert answer.status_code == status
    assert "<h1>This did not work</h1>" in answer.text
    assert await accounts(databases) == 0


async def test_every_page_keeps_others_out(identity: Identity) -> None:
    answers = [await identity.http.get("/sign-up"), await sign_up(identity, username=""), await sign_up(identity, {})]
    for answer in [*answers, await identity.http.get("/done/nothing")]:
        assert page_fields().items() <= dict(answer.headers).items() | {
            (name, answer.headers[name]) for name in page_fields()
        }
        assert "script" not in answer.text
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answers[0].headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_a_refusal_of_a_page_is_a_page_and_one_of_the_api_a_problem_document(identity: Identity) -> None:
    for method, path, status in (("GET", "/done/x", 404), ("GET", "/sign-up/x", 404), ("PUT", "/sign-up", 405)):
        answer = await identity.http.request(method, path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8"), path
    assert "POST" in answer.headers["Allow"]
    for path in ("/sign-ups", "/users/me", "/nothing"):
        assert (await identity.http.get(path)).headers["Content-Type"] == "application/problem+json"


async def test_request_about_the_server_as_a_whole_has_no_page(identity: Identity) -> None:
    async def about_the_server(scope: Scope, receive: Receive, send: Send) -> None:
        await identity.app({**scope, "path": "*"}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(about_the_server), base_url=IDENTITY_URL) as http:
        answers = [await http.options("/", headers=headers) for headers in ({}, ORIGIN)]
    assert [answer.status_code for answer in answers] == [404, 404]


async def test_head_is_answered_as_get_is(identity: Identity) -> None:
    answer = await identity.http.head("/sign-up")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


async def test_files_are_served_by_their_digest_and_by_no_other_name(identity: Identity) -> None:
    page = (await identity.http.get("/sign-up")).text
    paths = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', page))
    assert len(paths) == 2
    for path in paths:
        answer = await identity.http.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    for name in ("styles.css", "..%2ftexts.toml", "..%2f..%2fsettings.py", "styles.0000.css"):
        answer = await identity.http.get(f"/assets/{name}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_the_origin_of_a_pending_redirect_may_be_added_to_the_targets_of_forms() -> None:
    assert "form-action 'self' https://app.example;" in page_fields("https://app.example")["Content-Security-Policy"]
