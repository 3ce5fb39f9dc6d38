"""URLs in settings: a service starts with each one that is accepted, and each one that is refused is named."""

import pytest

import identity_service.app as identity_app
import identity_service.parts as identity_parts
import identity_service.settings as identity
import posts_service.app as posts_app
import posts_service.parts as posts_parts
import posts_service.settings as posts
from tests.shared.test_settings import IDENTITY, POSTS, clean_environment, set_all
from watchword.service.settings import judge
from watchword.service.variables import Variables

__all__ = ["clean_environment"]

CALLABLE = [
    "HTTPS://a.example",
    "https://A.Example/Path",
    "https://a.example:443/",
    "https://a.example.",
    "https://xn--bcher-kva.example",
    "http://LOCALHOST:8003",
    "http://[::1]:8003",
    "https://a.example/@ada",
    " https://a.example ",
]
NOT_CALLABLE = [
    "https://ada:secret@a.example",
    "https://@a.example",
    "https://a example",
    "https://a.example/a b",
    "https://a.example\\b",
    "https://a.example:0",
    "https://a.example:99999",
    "https://a.example:+80",
    "https://a..example",
    "https://:443",
    "https://127.1",
    "https://xn--a.example",
    "https://xn--i-7iq.example",
    "https://[::1",
    "https://[v1.a]",
    "https://[fe80::1%25eth0]",
    f"https://{'a' * 64}.example",
    "https://a.example/#",
]
URLS = ["POSTS_AUDIENCE", "POSTS_JWKS_URL", "IDENTITY_POSTS_AUDIENCE", "IDENTITY_BREACHED_PASSWORDS_URL"]
ORIGINS = ["POSTS_ISSUER_ADDRESS", "POSTS_PAGES_ORIGIN", "POSTS_CORS_ORIGINS", "IDENTITY_CORS_ORIGINS"]


def problems(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is wrong with the settings if this one is the text. If nothing is, the service is built with them."""
    set_all(monkeypatch, {**POSTS, **IDENTITY, name: text})
    kind = posts.Settings if name.startswith("POSTS_") else identity.Settings
    settings: object = judge(kind, Variables.read())
    if isinstance(settings, dict):
        return list(settings.values())
    if isinstance(settings, posts.Settings):
        posts_app.create_app(posts_parts.assemble(settings))
    if isinstance(settings, identity.Settings):
        identity_app.create_app(identity_parts.assemble(settings))
    return []


@pytest.mark.parametrize("name", URLS + ORIGINS)
def test_a_service_starts_with_each_url_that_its_settings_accept(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in CALLABLE:
        is_origin = text.rstrip(" /").count("/") == 2
        wrong = problems(name, text, monkeypatch)
        assert bool(wrong) == (name in ORIGINS and not is_origin), (text, wrong)


@pytest.mark.parametrize("name", [*URLS, *ORIGINS, "POSTS_ISSUER", "IDENTITY_ISSUER"])
def test_a_url_that_nobody_can_call_is_refused_by_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in NOT_CALLABLE:
        (wrong,) = problems(name, text, monkeypatch)
        assert wrong.startswith(f"{name} is wrong: "), text
        assert "secret" not in wrong, text
