"""What a service says of itself so that people can sign in on its pages: what could not work is refused by name."""

import re
from typing import Any

import pytest

from tests.shared.signing_in import FORMER_KEY, KEY, settings_of
from watchword.pages import PagesSettings
from watchword.pages.sealing import Sealer, sealing_key

REFUSED: list[tuple[str, Any]] = [
    ("issuer", ""),
    ("issuer", "id.example"),
    ("client_id", " notes"),
    ("client_secret", ""),
    ("client_secret", "short"),
    ("client_secret", "secret-of-the-notes-pages\n"),
    ("origin", "https://notes.example/"),
    ("origin", "https://notes.example:443"),
    ("origin", "https://Notes.example"),
    ("origin", "HTTPS://notes.example"),
    ("origin", "https://bücher.example"),
    ("origin", "https://notes.example/pages"),
    ("origin", "http://notes.example"),
    ("audience", "notes"),
    ("scopes", "notes"),
    ("scopes", []),
    ("scopes", ["two scopes"]),
    ("sealing_key", ""),
    ("sealing_key", "correct horse battery staple"),
    ("sealing_key", "A" * 43 + "="),
    ("sealing_key", KEY[:24]),
    ("sealing_key", f" {KEY}"),
    ("former_sealing_key", "short"),
    ("cookie_name", "two words"),
    ("issuer_address", "http://identity:8001/path"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_setting_that_could_not_work_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        settings_of(**{name: value})


def test_the_sealing_key_has_no_default_and_is_used_for_nothing_else() -> None:
    with pytest.raises(TypeError, match="sealing_key"):
        PagesSettings(  # type: ignore[call-arg]
            issuer="https://id.example",
            client_id="notes",
            client_secret="secret-of-the-notes-pages",
            origin="https://notes.example",
            audience="https://notes.example",
            scopes=["notes"],
        )
    for other in ({"client_secret": KEY}, {"former_sealing_key": KEY}):
        with pytest.raises(ValueError, match=r"^sealing_key: it must differ from"):
            settings_of(**other)


def test_no_secret_is_shown() -> None:
    settings = settings_of(former_sealing_key=FORMER_KEY)
    secrets = {settings.client_secret, KEY, FORMER_KEY}
    assert not any(secret in repr(settings) for secret in secrets)
    for name in ("client_secret", "sealing_key"):
        with pytest.raises(ValueError, match=f"^{name}") as refused:
            settings_of(**{name: "hunter2"})
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("origin", ["http://localhost:8003", "http://notes.localhost:8003", "http://[::1]:8003"])
def test_pages_may_be_served_over_http_on_this_machine(origin: str) -> None:
    assert settings_of(origin=origin).redirect_uri == f"{origin}/auth/callback"


def test_what_is_sealed_is_opened_with_its_key_for_its_purpose_alone() -> None:
    key, former = sealing_key(KEY), sealing_key(FORMER_KEY)
    sealer, later, other = Sealer(key), Sealer(former, key), Sealer(former)
    sealed = sealer.seal("session", b"content")
    assert b"content" not in sealed.encode()
    assert sealer.seal("session", b"content") != sealed
    assert [each.open("session", sealed) for each in (sealer, later, other)] == [b"content", b"content", None]
    assert sealer.open("sign-in", sealed) is None
    assert re.fullmatch(r"[A-Za-z0-9_-]+", sealed)


def test_what_is_damaged_or_was_never_sealed_is_not_opened() -> None:
    sealer = Sealer(sealing_key(KEY))
    sealed = sealer.seal("session", b"content")
    for place in range(len(sealed) - 1):
        other = "A" if sealed[place] != "A" else "B"
        assert sealer.open("session", f"{sealed[:place]}{other}{sealed[place + 1 :]}") is None
    for text in ("", "A", "AQ", sealed[:20], sealed[:-4], f"{sealed}AAAA", "ä", "{}", "=" * 5, "A" * 4_000):
        assert sealer.open("session", text) is None
