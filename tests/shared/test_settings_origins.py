"""An origin that no browser would send is refused by name, or written as browsers send it; so is the issuer's URL."""

import pytest

import identity_service.settings as identity
import posts_service.settings as posts
from tests.shared.test_settings import IDENTITY, POSTS, clean_environment, refusal, set_all
from watchword.service.settings import load

__all__ = ["clean_environment"]

NEVER_SENT = [
    pytest.param("a.example", "begin with http:// or https://", id="no scheme"),
    pytest.param("localhost:3000", "begin with http:// or https://", id="no scheme but a port"),
    pytest.param("//a.example", "begin with http:// or https://", id="relative"),
    pytest.param("ftp://a.example", "begin with http:// or https://", id="ftp"),
    pytest.param("https:a.example", "begin with http:// or https://", id="no slashes"),
    pytest.param('["https://a.example"]', "separated by commas", id="a JSON list"),
    pytest.param('["https://a.example", "https://b.example"]', "separated by commas", id="a longer JSON list"),
    pytest.param("'https://a.example'", "without brackets and quotes", id="quotes"),
    pytest.param("null", "null is the origin of", id="null"),
    pytest.param("https://ada:secret@a.example", "no user name and no password", id="credentials"),
    pytest.param("https://a.example/app/", "no path, query or fragment: write https://a.example", id="a path"),
    pytest.param("https://a.example?", "no path, query or fragment", id="a query"),
    pytest.param("https://a.example#top", "no path, query or fragment", id="a fragment"),
    pytest.param("https://*.a.example", "no wildcard", id="a wildcard"),
    pytest.param("https://a.example:https", "a number from 1 to 65535", id="a port that is a word"),
    pytest.param("https://a.example:0", "a number from 1 to 65535", id="port 0"),
    pytest.param("https://a.example:65536", "a number from 1 to 65535", id="a port too high"),
    pytest.param("https://a example", "no space", id="a space"),
    pytest.param("https://a.example\\x", "no backslash", id="a backslash"),
    pytest.param("https://", "no valid host", id="no host"),
    pytest.param("https://a..example", "no valid host", id="an empty label"),
    pytest.param("https://[::zz]", "", id="no address"),
    pytest.param("https://0x7f.1", "no valid IPv4 address", id="an address that browsers write otherwise"),
]
AS_SENT = [
    ("https://a.example/", "https://a.example"),
    ("HTTPS://A.Example", "https://a.example"),
    ("https://a.example:443", "https://a.example"),
    ("http://a.example:080", "http://a.example"),
    ("http://a.example:443", "http://a.example:443"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
    ("http://[0:0:0:0:0:0:0:1]:80", "http://[::1]"),
    ("capacitor://localhost", "capacitor://localhost"),
    ("https://a.example,https://A.example:443/", "https://a.example"),
]


@pytest.mark.parametrize(("text", "why"), NEVER_SENT)
def test_an_origin_that_no_browser_sends_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    set_all(monkeypatch, POSTS | IDENTITY)
    for settings, name in ((posts.Settings, "POSTS_CORS_ORIGINS"), (identity.Settings, "IDENTITY_CORS_ORIGINS")):
        monkeypatch.setenv(name, text)
        [said] = refusal(settings, capsys)
        assert said.startswith(f"{name} is wrong: ")
        assert why in said
        assert "secret" not in said


@pytest.mark.parametrize(("text", "sent"), AS_SENT)
def test_an_origin_is_written_as_browsers_send_it(monkeypatch: pytest.MonkeyPatch, text: str, sent: str) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_CORS_ORIGINS": text})
    assert load(posts.Settings).cors_origins == (sent,)


def test_a_star_stands_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_CORS_ORIGINS": "*"})
    assert load(posts.Settings).cors_origins == ("*",)
    monkeypatch.setenv("POSTS_CORS_ORIGINS", "*,https://a.example")
    [said] = refusal(posts.Settings, capsys)
    assert "* allows every origin" in said


@pytest.mark.parametrize(
    ("issuer", "right"),
    [
        ("https://id.example/", "https://id.example"),
        ("https://id.example/realms/one", "https://id.example"),
        ("https://id.example:443", "https://id.example"),
        ("http://localhost:80", "http://localhost"),
        ("https://ID.example", "https://id.example"),
        ("HTTPS://id.example", "https://id.example"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_issuer_is_not_changed_and_the_refusal_says_what_to_write(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], issuer: str, right: str
) -> None:
    set_all(monkeypatch, POSTS | IDENTITY | {"POSTS_ISSUER": issuer, "IDENTITY_ISSUER": issuer})
    for settings, name in ((posts.Settings, "POSTS_ISSUER"), (identity.Settings, "IDENTITY_ISSUER")):
        [said] = refusal(settings, capsys)
        assert said.startswith(f"{name} is wrong: ")
        assert said.endswith(f"write {right}")


@pytest.mark.parametrize("issuer", ["https://ada:pw@id.example", "https://", "https://id.example:0", "urn:issuer"])
def test_an_issuer_that_nobody_could_call_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], issuer: str
) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_ISSUER": issuer})
    [said] = refusal(posts.Settings, capsys)
    assert said.startswith("POSTS_ISSUER is wrong: ")
    assert "pw" not in said
