"""Redirect URIs are compared character by character, and only some can be registered."""

import pytest

from identity_service.clients.models import ApplicationType, Client
from identity_service.clients.redirect_uris import fault, is_registered, origin_of

WEB, NATIVE = ApplicationType.WEB, ApplicationType.NATIVE
CALLBACK = "https://app.example/callback"


def client(*uris: str, application_type: ApplicationType = WEB) -> Client:
    grants = ["authorization_code"]
    return Client("app", "App", None, grants, [], [], None, application_type=application_type, redirect_uris=uris)


OTHERS = [
    CALLBACK.upper(),
    "https://app.example/Callback",
    "https://APP.example/callback",
    f"{CALLBACK}/",
    f"{CALLBACK}/more",
    f"{CALLBACK}?x=1",
    f"{CALLBACK}#x",
    f" {CALLBACK}",
    f"{CALLBACK}\n",
    "https://app.example/call",
    "https://app.example:443/callback",
    "https://app.example:8443/callback",
    "https://app.example.evil.example/callback",
    "https://evil.example@app.example/callback",
    "https://app.example/x/../callback",
    "https://app.example/%63allback",
    "http://app.example/callback",
    "//app.example/callback",
    "",
]


@pytest.mark.parametrize("uri", OTHERS)
def test_any_other_redirect_uri_is_not_registered(uri: str) -> None:
    registered = client(CALLBACK, "http://localhost:8002/callback")
    assert is_registered(registered, CALLBACK)
    assert not is_registered(registered, uri)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_port_of_a_loopback_address_is_free_and_nothing_else_of_it(host: str) -> None:
    app = client(f"http://{host}/callback", f"http://{host}:5000/other?x=1", application_type=NATIVE)
    for uri in (f"http://{host}/callback", f"http://{host}:49152/callback", f"http://{host}:1/other?x=1"):
        assert is_registered(app, uri)
    for uri in (
        f"https://{host}:49152/callback",
        f"http://{host}:49152/callback/",
        f"http://{host}:49152/callback?x=1",
        f"http://{host}:99999/callback",
        f"http://{host}:049152/callback",
        f"http://{host}:/callback",
        f"http://{host}:49152@evil.example/callback",
        f"http://x@{host}:49152/callback",
        f"HTTP://{host}:49152/callback",
        f"http://{host}.evil.example/callback",
        "http://127.0.0.2:49152/callback",
        "http://127.1:49152/callback",
    ):
        assert not is_registered(app, uri), uri


def test_port_of_localhost_is_free_for_a_native_application_alone() -> None:
    uri, other = "http://localhost:5000/callback", "http://localhost:5001/callback"
    assert is_registered(client(uri, application_type=NATIVE), other)
    assert not is_registered(client(uri), other)
    assert not is_registered(client("http://app.localhost:5000/callback", application_type=NATIVE), other)


GOOD = [
    (CALLBACK, WEB),
    (CALLBACK, NATIVE),
    ("https://app.example:8443", WEB),
    ("https://app.example/callback?tenant=1", WEB),
    ("http://localhost:8002/callback", WEB),
    ("http://notes.localhost:8002/callback", WEB),
    ("http://127.0.0.1/callback", NATIVE),
    ("http://[::1]:3000/callback", NATIVE),
    ("com.example.app:/callback", NATIVE),
    ("com.example.my-app://callback", NATIVE),
]


@pytest.mark.parametrize(("uri", "application_type"), GOOD)
def test_redirect_uri_can_be_registered(uri: str, application_type: ApplicationType) -> None:
    assert fault(uri, application_type) is None
    assert is_registered(client(uri, application_type=application_type), uri)


FAULTY = {
    "": "it must have visible ASCII characters only",
    "/callback": "it must be absolute",
    "app.example/callback": "it must be absolute",
    "http://app.example/callback": "it must begin with https://; http is for addresses of this machine",
    "http://localhost.evil.example/": "it must begin with https://",
    "http://10.0.0.1/callback": "it must begin with https://",
    f"{CALLBACK}#fragment": "it must have no fragment",
    f"{CALLBACK}#": "it must have no fragment",
    f"{CALLBACK} ": "it must have visible ASCII characters only",
    "https://äpp.example/callback": "it must have visible ASCII characters only",
    "https://app.example\\callback": "it must have visible ASCII characters only, and no backslash",
    "https://*.example/callback": "it has no valid host",
    "https:///callback": "it has no valid host",
    "https://[::1/callback": "it must be absolute",
    "https:/app.example": "it must begin with http:// or https://",
    "https://ada@app.example/": "it must have no user name",
    "https://app.example:99999/": "its port must be a number",
    "https://App.example/callback": "it must begin as browsers write it: https://app.example",
    "https://app.example:443/callback": "it must begin as browsers write it: https://app.example",
    "HTTPS://app.example/callback": "it must begin as browsers write it: https://app.example",
    f"{CALLBACK}?state=x": "its query must not have state",
    f"https://app.example/{'x' * 500}": "it must have at most 500 characters",
}


@pytest.mark.parametrize("application_type", [WEB, NATIVE])
@pytest.mark.parametrize(("uri", "reason"), FAULTY.items(), ids=map(str, range(len(FAULTY))))
def test_redirect_uri_that_is_refused_is_told_why(uri: str, reason: str, application_type: ApplicationType) -> None:
    assert (fault(uri, application_type) or "").startswith(reason)


SCHEMES = ["app:/callback", "javascript:alert(1)", "data:text/html,x", "Com.Example.App:/x", "com..app:/x", "file:///x"]


@pytest.mark.parametrize("uri", SCHEMES)
def test_scheme_of_a_native_application_is_a_domain_name_in_reverse_order(uri: str) -> None:
    assert (fault(uri, NATIVE) or "").startswith(
        "a scheme of an application is its owner's domain name in reverse order"
    )
    assert (fault("com.example.app:/callback", WEB) or "").startswith("it must begin with https://")


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        (CALLBACK, "https://app.example"),
        ("http://127.0.0.1:49152/callback", "http://127.0.0.1:49152"),
        ("http://[::1]:49152/callback", "http:"),
        ("com.example.app:/callback", "com.example.app:"),
    ],
)
def test_content_security_policy_can_name_the_origin(uri: str, origin: str) -> None:
    assert origin_of(uri) == origin
