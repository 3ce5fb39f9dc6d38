"""Cookies of one host: other hosts, other ports and other paths plant cookies that a browser sends here as well."""

from http.cookies import Morsel, SimpleCookie

import pytest
from fastapi import Request, Response

from watchword.http.host_cookie import HostCookie

LOCAL = HostCookie.of("http://localhost:8001", "pass", "strict")
OVER_TLS = HostCookie.of("https://id.example", "pass", "lax")
PATH = "/one/two"


def request(*cookies: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", cookie.encode("latin-1")) for cookie in cookies]})


def cookies_of(response: Response, name: str) -> list[Morsel[str]]:
    """Every cookie of this name that the answer sets."""
    lines = [SimpleCookie(line) for line in response.headers.getlist("set-cookie") if not line.startswith("=")]
    return [line[name] for line in lines if name in line]


@pytest.mark.parametrize(
    ("site", "name", "secure"),
    [
        ("https://id.example", "__Host-pass", True),
        ("http://id.example", "__Host-pass", True),
        ("http://localhost.example", "__Host-pass", True),
        ("https://localhost:8001", "__Host-pass", True),
        ("http://localhost:8001", "pass_8001", False),
        ("http://127.0.0.1", "pass_80", False),
    ],
)
def test_no_other_host_can_set_the_cookie_unless_the_site_is_this_machine(site: str, name: str, secure: bool) -> None:
    response = Response()
    HostCookie.of(site, "pass", "strict").set(response, "value")
    (cookie,) = cookies_of(response, name)
    assert (bool(cookie["secure"]), cookie["path"], cookie["domain"]) == (secure, "/", "")
    assert (cookie["httponly"], cookie["samesite"].lower()) == (True, "strict")


@pytest.mark.parametrize(
    ("sent", "values"),
    [
        (["pass_8001=a; pass_8001=b"], ["a", "b"]),
        (["pass_8001=a;pass_8001=a"], ["a", "a"]),
        (["pass_8001=a", "other=1; pass_8001=b"], ["a", "b"]),
        (["other=1;\tpass_8001\t=\ta "], ["a"]),
        (["pass_8001=a=b"], ["a=b"]),
        (["other=pass_8001"], []),
    ],
)
def test_every_cookie_of_the_name_is_read(sent: list[str], values: list[str]) -> None:
    assert LOCAL.values(request(*sent)) == values


NOT_OURS = {
    "without the port": "pass",
    "another port": "pass_8002",
    "prefix of TLS": "__Host-pass",
    "upper case": "PASS_8001",
    "another white space before it": "\xa0pass_8001",
    "next line before it": "\x85pass_8001",
}


@pytest.mark.parametrize("name", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_nothing_is_read_from_a_cookie_of_another_name(name: str) -> None:
    assert LOCAL.values(request(f"{name}=planted")) == []
    assert LOCAL.values(request(f"{name}=planted; pass_8001=a")) == ["a"]


def test_cookie_without_a_name_is_not_taken_for_ours() -> None:
    """A browser sends its value alone, which may look like our name, or like ours with a value."""
    assert LOCAL.values(request("pass_8001; pass_8001=a")) == ["a"]
    assert LOCAL.values(request("pass_8001=planted; pass_8001=a")) == ["planted", "a"]


def test_cookie_is_deleted_wherever_it_may_have_been_set() -> None:
    response = Response()
    LOCAL.delete_everywhere(response, PATH)
    deleted = cookies_of(response, LOCAL.name)
    assert {(one.value, one["max-age"]) for one in deleted} == {("", "0")}
    places = {(path, domain) for path in ("/", "/one", "/one/", PATH) for domain in ("", "localhost")}
    assert {(one["path"], one["domain"]) for one in deleted} == places
    # One without a name may look like ours.
    nameless = [line for line in response.headers.getlist("set-cookie") if line.startswith("=deleted; ")]
    assert len(nameless) == len(places)
    assert {"=deleted; Path=/; Max-Age=0", f"=deleted; Path={PATH}; Max-Age=0; Domain=localhost"} <= {*nameless}


@pytest.mark.parametrize(
    ("site", "domains"),
    [
        ("https://id.example.com", ["", "id.example.com", "example.com"]),
        ("https://example.com:8443", ["", "example.com"]),
        ("http://127.0.0.1:8001", [""]),
    ],
)
def test_cookie_is_deleted_for_every_domain_that_a_neighbour_may_use(site: str, domains: list[str]) -> None:
    cookie, response = HostCookie.of(site, "pass", "lax"), Response()
    cookie.delete_everywhere(response, PATH)
    assert [one["domain"] for one in cookies_of(response, cookie.name) if one["path"] == "/"] == domains


def test_deleting_names_the_cookie_as_setting_does() -> None:
    response = Response()
    OVER_TLS.delete(response)
    (cookie,) = cookies_of(response, "__Host-pass")
    assert (cookie.value, cookie["max-age"], cookie["path"], cookie["secure"]) == ("", "0", "/", True)
