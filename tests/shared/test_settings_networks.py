"""Networks that may administer: what is no network, and a list that lets nobody in, is refused by name."""

import pytest

import identity_service.settings as identity
from tests.shared.test_settings import IDENTITY, clean_environment, refusal, set_all
from watchword.service.settings import load

__all__ = ["clean_environment"]

ALLOWED = "IDENTITY_ADMIN_ALLOWED_NETWORKS"
DENIED = "IDENTITY_ADMIN_DENIED_NETWORKS"


@pytest.mark.parametrize("name", [ALLOWED, DENIED])
@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("", ()),
        ("192.0.2.7", ("192.0.2.7",)),
        (" 10.0.0.0/8 , 2001:DB8::/32,", ("10.0.0.0/8", "2001:db8::/32")),
        ("::ffff:10.0.0.0/104", ("10.0.0.0/8",)),
        ("::1/128", ("::1",)),
    ],
)
def test_networks_are_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, networks: tuple[str, ...]
) -> None:
    set_all(monkeypatch, IDENTITY | {name: text})
    settings = load(identity.Settings)
    assert {ALLOWED: settings.admin_allowed_networks, DENIED: settings.admin_denied_networks}[name] == networks


@pytest.mark.parametrize("name", [ALLOWED, DENIED])
@pytest.mark.parametrize(
    "text",
    [
        "office",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "10.0.0.0/8;::1",
        "2001:db8::1/32",
        "*",
        "0.0.0.0/0",
        "::/0",
        "::ffff:0:0/96",
        ",",
    ],
)
def test_what_is_no_network_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    set_all(monkeypatch, IDENTITY | {name: text})
    [said] = refusal(identity.Settings, capsys)
    assert said.startswith(f"{name} is wrong: ")


@pytest.mark.parametrize(
    ("allowed", "denied"),
    [
        ("10.1.0.0/16", "10.1.0.0/16"),
        ("10.1.0.0/16, 192.0.2.7", "10.0.0.0/8, 192.0.2.0/24"),
        ("10.0.0.0/8", "10.0.0.0/9, 10.128.0.0/9"),
        ("2001:db8::/32", "2001:db8::/33, 2001:db8:8000::/33"),
        ("", "0.0.0.0/1, 128.0.0.0/1, ::/1, 8000::/1"),
    ],
)
def test_a_list_that_lets_nobody_in_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], allowed: str, denied: str
) -> None:
    set_all(monkeypatch, IDENTITY | {ALLOWED: allowed, DENIED: denied})
    [said] = refusal(identity.Settings, capsys)
    assert said.startswith(f"{DENIED} is wrong: nobody could administer")


@pytest.mark.parametrize(
    ("allowed", "denied"),
    [
        ("10.0.0.0/8", "10.0.0.0/9"),
        ("10.0.0.0/8, ::1", "10.0.0.0/8"),
        ("", "0.0.0.0/1, 128.0.0.0/1"),
        ("::1", "0.0.0.0/1, 128.0.0.0/1"),
        ("10.0.0.0/8", "::/1, 8000::/1"),
    ],
)
def test_a_list_that_lets_somebody_in_is_accepted(monkeypatch: pytest.MonkeyPatch, allowed: str, denied: str) -> None:
    set_all(monkeypatch, IDENTITY | {ALLOWED: allowed, DENIED: denied})
    assert load(identity.Settings).admin_denied_networks


def test_a_mistake_in_the_allowed_networks_is_the_only_one_that_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_all(monkeypatch, IDENTITY | {ALLOWED: "office", DENIED: "10.0.0.0/8"})
    assert [line.split(":")[0] for line in refusal(identity.Settings, capsys)] == [f"{ALLOWED} is wrong"]
