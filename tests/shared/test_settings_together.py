"""Settings that can never work, alone or together, are refused by name, all of them at once."""

import base64

import pytest

import identity_service.settings as identity
import posts_service.settings as posts
from tests.shared.test_settings import DATABASE_PASSWORD, IDENTITY, POSTS, SECRET, clean_environment, refusal, set_all
from watchword.service.reload import is_reloading
from watchword.service.settings import EnvironmentSettings, load

__all__ = ["clean_environment"]

SETUP = IDENTITY | {
    "IDENTITY_POSTS_AUDIENCE": "http://localhost:8002",
    "IDENTITY_POSTS_CLIENT_SECRET": "a secret of the client posts",
}
ANOTHER_KEY = base64.urlsafe_b64encode(bytes(range(100, 132))).decode()
ZEROS = base64.urlsafe_b64encode(bytes(32)).decode()
KEY_OF_THE_DATABASE = f"postgresql://identity_app:{IDENTITY['IDENTITY_KEY_ENCRYPTION_KEY']}@127.0.0.1/watchword"


@pytest.mark.parametrize(
    ("settings", "name", "value"),
    [
        (posts.Settings, "POSTS_AUDIENCE", POSTS["POSTS_ISSUER"]),
        (posts.Settings, "POSTS_AUDIENCE", "posts"),
        (posts.Settings, "POSTS_AUDIENCE", "http://localhost:8002#posts"),
        (posts.Settings, "POSTS_AUDIENCE", "https://"),
        (posts.Settings, "POSTS_CLIENT_ID", '"posts"'),
        (posts.Settings, "POSTS_JWKS_URL", ""),
        (posts.Settings, "POSTS_JWKS_URL", "/jwks.json"),
        (posts.Settings, "POSTS_JWKS_URL", "http://ada:pw@localhost/jwks.json"),
        (posts.Settings, "POSTS_ISSUER_ADDRESS", "identity:8001"),
        (posts.Settings, "POSTS_ISSUER_ADDRESS", "http://identity:8001/path"),
        (posts.Settings, "POSTS_ISSUER_ADDRESS", "http://identity:80010"),
        (posts.Settings, "POSTS_SILENCE_SECONDS", "inf"),
        (posts.Settings, "POSTS_SILENCE_SECONDS", "nan"),
        (posts.Settings, "POSTS_REVOCATION_MEMORY_SECONDS", "99999999999999"),
        (posts.Settings, "POSTS_HOST", "http://0.0.0.0"),
        (posts.Settings, "POSTS_HOST", "localhost:8002"),
        (posts.Settings, "POSTS_HOST", "[::1]"),
        (posts.Settings, "POSTS_HOST", "256.1.1.1"),
        (posts.Settings, "POSTS_HOST", "posts..example"),
        (posts.Settings, "POSTS_MAX_BODY_BYTES", "99999999999999999999"),
        (posts.Settings, "POSTS_TRUSTED_PROXIES", "0.0.0.0/0"),
        (posts.Settings, "POSTS_TRUSTED_PROXIES", "::/0"),
        (posts.Settings, "POSTS_CLIENT_SECRET", "short"),
        (posts.Settings, "POSTS_CLIENT_SECRET", "changeme-changeme"),
        (posts.Settings, "POSTS_CLIENT_SECRET", "a" * 40),
        (posts.Settings, "POSTS_CLIENT_SECRET", DATABASE_PASSWORD),
        (posts.Settings, "POSTS_CLIENT_SECRET", POSTS["POSTS_AUDIENCE"]),
        (posts.Settings, "POSTS_CLIENT_SECRET", "two lines\nof a secret"),
        (posts.Settings, "POSTS_PAGES_ORIGIN", "http://posts.example"),
        (posts.Settings, "POSTS_PAGES_ORIGIN", "https://posts.example/mine"),
        (posts.Settings, "POSTS_PAGES_CLIENT_ID", ""),
        (posts.Settings, "POSTS_PAGES_SEALING_KEY", SECRET),
        (posts.Settings, "POSTS_PAGES_SEALING_KEY", "correct horse battery staple"),
        (posts.Settings, "POSTS_PAGES_SEALING_KEY", ZEROS),
        (posts.Settings, "POSTS_PAGES_FORMER_SEALING_KEY", POSTS["POSTS_PAGES_SEALING_KEY"]),
        (identity.Settings, "IDENTITY_SESSION_SECONDS", "86400"),
        (identity.Settings, "IDENTITY_SIGNING_KEY_SECONDS", "99999999999999"),
        (identity.Settings, "IDENTITY_LONG_POLL_SECONDS", "1.1"),
        (identity.Settings, "IDENTITY_LONG_POLL_SECONDS", "20"),
        (identity.Settings, "IDENTITY_LONG_POLL_SECONDS", "nan"),
        (identity.Settings, "IDENTITY_PUSH_NETWORKS", "*"),
        (identity.Settings, "IDENTITY_PUSH_NETWORKS", "10.0.0.0/8,0.0.0.0/0"),
        (identity.Settings, "IDENTITY_PUSH_NETWORKS", "::/0"),
        (identity.Settings, "IDENTITY_KEY_ENCRYPTION_KEY", ZEROS),
        (identity.Settings, "IDENTITY_KEY_ENCRYPTION_KEY", f"{IDENTITY['IDENTITY_KEY_ENCRYPTION_KEY']}!!"),
        (identity.Settings, "IDENTITY_FORMER_KEY_ENCRYPTION_KEYS", IDENTITY["IDENTITY_KEY_ENCRYPTION_KEY"]),
        (identity.Settings, "IDENTITY_FORMER_KEY_ENCRYPTION_KEYS", f"{ANOTHER_KEY},{ANOTHER_KEY}"),
        (identity.Settings, "IDENTITY_FORMER_KEY_ENCRYPTION_KEYS", f"{ANOTHER_KEY},{ZEROS}"),
        (identity.Settings, "IDENTITY_FORMER_KEY_ENCRYPTION_KEYS", "c2hvcnQ="),
        (identity.SetupSettings, "IDENTITY_POSTS_AUDIENCE", IDENTITY["IDENTITY_ISSUER"]),
        (identity.SetupSettings, "IDENTITY_POSTS_CLIENT_SECRET", "too short"),
        (identity.SetupSettings, "IDENTITY_POSTS_CLIENT_SECRET", DATABASE_PASSWORD),
        (identity.SetupSettings, "IDENTITY_ADMIN_PASSWORD", SETUP["IDENTITY_POSTS_CLIENT_SECRET"]),
        (identity.SetupSettings, "IDENTITY_ADMIN_PASSWORD", "'correct horse battery'"),
        (identity.SetupSettings, "IDENTITY_ADMIN_USERNAME", "grace"),
        (identity.SetupSettings, "IDENTITY_ADMIN_EMAIL", "grace@example.com"),
    ],
)
def test_a_value_that_can_never_work_is_refused_by_name(
    settings: type[identity.Settings] | type[posts.Settings],
    name: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_all(monkeypatch, POSTS | SETUP | {name: value})
    [said] = refusal(settings, capsys)
    assert said.startswith(f"{name} is ")
    assert "pw" not in said
    assert SECRET not in said


ADMINISTRATOR = {
    "IDENTITY_ADMIN_USERNAME": "grace",
    "IDENTITY_ADMIN_EMAIL": "grace@example.com",
    "IDENTITY_ADMIN_PASSWORD": "correct horse battery",
}


@pytest.mark.parametrize("missing", [["USERNAME"], ["EMAIL"], ["USERNAME", "EMAIL"]])
def test_an_administrator_who_has_a_password_needs_a_name_and_an_address(
    missing: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"IDENTITY_ADMIN_{name}" for name in missing]
    set_all(monkeypatch, SETUP | {name: value for name, value in ADMINISTRATOR.items() if name not in names})
    reason = "it has no default: set it, since IDENTITY_ADMIN_PASSWORD is set"
    assert refusal(identity.SetupSettings, capsys) == [f"{name} is wrong: {reason}" for name in names]


def test_an_administrator_is_named_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, SETUP | ADMINISTRATOR)
    assert load(identity.SetupSettings).admin_username == "grace"
    for name in ADMINISTRATOR:
        monkeypatch.delenv(name)
    assert load(identity.SetupSettings).admin_username is None


def test_the_key_of_the_keys_is_no_password_of_the_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_all(monkeypatch, IDENTITY | {"IDENTITY_DATABASE_URL": KEY_OF_THE_DATABASE})
    [said] = refusal(identity.Settings, capsys)
    assert said.startswith("IDENTITY_KEY_ENCRYPTION_KEY is wrong: the same secret is in IDENTITY_DATABASE_URL")


def test_the_password_in_the_options_of_a_database_url_is_no_other_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"postgresql://127.0.0.1/watchword?user=posts_app&password={POSTS['POSTS_CLIENT_SECRET']}"
    set_all(monkeypatch, POSTS | {"POSTS_DATABASE_URL": url})
    [said] = refusal(posts.Settings, capsys)
    assert said.startswith("POSTS_CLIENT_SECRET is wrong: the same secret is in POSTS_DATABASE_URL")


def test_no_key_ends_between_two_checks_of_the_keys(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_all(monkeypatch, IDENTITY | {"IDENTITY_SIGNING_KEY_SECONDS": "9"})
    [said] = refusal(identity.Settings, capsys)
    assert said.startswith("IDENTITY_KEY_CHECK_SECONDS is wrong: keys would end between two checks")
    set_all(monkeypatch, IDENTITY | {"IDENTITY_SIGNING_KEY_SECONDS": "10"})
    assert load(identity.Settings).signing_key_seconds == 10


def test_a_default_that_does_not_go_with_another_setting_is_named_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_all(monkeypatch, IDENTITY | {"IDENTITY_REFRESH_TOKEN_SECONDS": "6000000"})
    [said] = refusal(identity.Settings, capsys)
    assert said.startswith("IDENTITY_SESSION_SECONDS is wrong: ")
    assert "IDENTITY_REFRESH_TOKEN_SECONDS" in said


def test_reloading_is_for_one_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_WORKERS": "2", "WATCHWORD_RELOAD": "1"})
    [said] = refusal(posts.Settings, capsys)
    assert said.startswith("POSTS_WORKERS is wrong: ")
    monkeypatch.setenv("WATCHWORD_RELOAD", "0")
    assert load(posts.Settings).workers == 2


@pytest.mark.parametrize("text", ["INFO", "Warning", "debug"])
def test_a_log_level_is_understood_in_any_case(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_LOG_LEVEL": text})
    assert load(posts.Settings).log_level == text.lower()


def test_everything_that_is_wrong_alone_and_together_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {
        "IDENTITY_PORT": "0",
        "IDENTITY_SESSION_SECONDS": "60",
        "IDENTITY_CORS_ORIGINS": "https://other.example/app",
        "IDENTITY_POSTS_CLIENT_SECRET": "",
        "IDENTITY_POSTS_AUDIENCE": "posts",
    }
    set_all(monkeypatch, SETUP | wrong)
    assert {line.split()[0] for line in refusal(identity.SetupSettings, capsys)} == wrong.keys()


@pytest.mark.parametrize(
    ("settings", "values"), [(posts.Settings, POSTS), (identity.Settings, IDENTITY), (identity.SetupSettings, SETUP)]
)
def test_spaces_around_a_value_are_no_part_of_it(
    settings: type[EnvironmentSettings], values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, values)
    expected = load(settings)
    set_all(monkeypatch, {name: f" {value}\t" for name, value in values.items()})
    assert load(settings) == expected


@pytest.mark.parametrize("word", ["", "0", "false", "False", "no", "off", " "])
def test_a_word_for_no_does_not_reload(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("WATCHWORD_RELOAD", word)
    assert not is_reloading()
