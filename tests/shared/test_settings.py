"""Settings come from the environment: all that are missing or wrong are named at once, and no secret is shown."""

import base64

import pytest

import identity_service.settings as identity
import posts_service.settings as posts
from tests.support.services import SEALING_KEY
from watchword.service.settings import ENV_FILE_VARIABLE, EnvironmentSettings, ServiceSettings, load

SECRET = "hunter2-hunter2-hunter2"
DATABASE_PASSWORD = "correct-horse-battery"
DATABASE_URL = f"postgresql://posts_app:{DATABASE_PASSWORD}@127.0.0.1/watchword"
POSTS = {
    "POSTS_DATABASE_URL": DATABASE_URL,
    "POSTS_ISSUER": "http://localhost:8001",
    "POSTS_AUDIENCE": "http://localhost:8002",
    "POSTS_CLIENT_SECRET": SECRET,
    "POSTS_PAGES_SEALING_KEY": SEALING_KEY,
}
IDENTITY = {
    "IDENTITY_DATABASE_URL": DATABASE_URL,
    "IDENTITY_ISSUER": "http://localhost:8001",
    "IDENTITY_EMAIL_VERIFICATION": "optional",
    "IDENTITY_KEY_ENCRYPTION_KEY": base64.urlsafe_b64encode(SECRET.ljust(32).encode()).decode(),
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of either service is set."""
    monkeypatch.delenv(ENV_FILE_VARIABLE, raising=False)
    for settings in (
        identity.Settings,
        identity.IdentityMigrationSettings,
        identity.SetupSettings,
        posts.Settings,
        posts.PostsMigrationSettings,
    ):
        for field in settings.model_fields:
            monkeypatch.delenv(f"{settings.model_config['env_prefix']}{field}".upper(), raising=False)


def set_all(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def refusal(settings: type[EnvironmentSettings], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that `load` writes before it exits."""
    with pytest.raises(SystemExit) as ended:
        load(settings)
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.splitlines()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_PORT": "9002", "POSTS_LOG_LEVEL": "debug"})
    settings = load(posts.Settings)
    assert (settings.issuer, settings.audience) == ("http://localhost:8001", "http://localhost:8002")
    assert (settings.port, settings.host, settings.log_level) == (9_002, "127.0.0.1", "debug")


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (posts.Settings, sorted(POSTS)),
        (posts.PostsMigrationSettings, ["POSTS_MIGRATION_DATABASE_URL"]),
        (identity.Settings, sorted(IDENTITY.keys() - {"IDENTITY_EMAIL_VERIFICATION"})),
        (identity.IdentityMigrationSettings, ["IDENTITY_MIGRATION_DATABASE_URL"]),
    ],
)
def test_every_missing_variable_is_named(
    settings: type[EnvironmentSettings], missing: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    # Without a mail server, what the default of another variable needs is named too.
    lines = [line for line in refusal(settings, capsys) if not line.startswith("IDENTITY_EMAIL_VERIFICATION is wrong")]
    assert sorted(lines) == [f"{name} is not set" for name in missing]


def test_every_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_PORT": "0", "POSTS_WORKERS": "many", "POSTS_LOG_LEVEL": "loud"})
    monkeypatch.delenv("POSTS_AUDIENCE")
    said = refusal(posts.Settings, capsys)
    assert sorted(line.split()[0] for line in said) == [
        "POSTS_AUDIENCE",
        "POSTS_LOG_LEVEL",
        "POSTS_PORT",
        "POSTS_WORKERS",
    ]
    assert sum("is wrong" in line for line in said) == 3


@pytest.mark.parametrize(
    ("settings", "values", "name", "wrong"),
    [
        (posts.Settings, POSTS, "POSTS_PORT", SECRET),
        (posts.Settings, POSTS, "POSTS_ISSUER", SECRET),
        (posts.Settings, POSTS, "POSTS_LOG_LEVEL", SECRET),
        (identity.Settings, IDENTITY, "IDENTITY_KEY_ENCRYPTION_KEY", SECRET),
        (identity.Settings, IDENTITY, "IDENTITY_KEY_ENCRYPTION_KEY", f"é{SECRET}"),
        (identity.Settings, IDENTITY, "IDENTITY_FORMER_KEY_ENCRYPTION_KEYS", SECRET),
        (identity.Settings, IDENTITY, "IDENTITY_BCRYPT_ROUNDS", SECRET),
    ],
)
def test_value_that_is_wrong_is_not_shown(
    settings: type[EnvironmentSettings],
    values: dict[str, str],
    name: str,
    wrong: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_all(monkeypatch, values | {name: wrong})
    [said] = refusal(settings, capsys)
    assert said.startswith(f"{name} is wrong: ")
    assert SECRET not in said


@pytest.mark.parametrize(("settings", "values"), [(posts.Settings, POSTS), (identity.Settings, IDENTITY)])
def test_settings_show_no_secret(
    settings: type[EnvironmentSettings], values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, values)
    shown = repr(load(settings))
    assert all(secret not in shown for name, secret in values.items() if "DATABASE" in name or "KEY" in name)


@pytest.mark.parametrize("settings", [posts.PostsMigrationSettings, identity.IdentityMigrationSettings])
def test_settings_of_a_migration_show_no_secret(
    settings: type[EnvironmentSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, {f"{settings.model_config['env_prefix']}MIGRATION_DATABASE_URL": DATABASE_URL})
    assert DATABASE_PASSWORD not in repr(load(settings))


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("http://a.example", ("http://a.example",)),
        ("http://a.example,http://b.example", ("http://a.example", "http://b.example")),
        (" http://a.example , http://b.example ,", ("http://a.example", "http://b.example")),
    ],
)
def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch, text: str, origins: tuple[str, ...]) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_CORS_ORIGINS": text})
    settings: ServiceSettings = load(posts.Settings)
    assert settings.cors_origins == origins


@pytest.mark.parametrize(
    "issuer",
    [
        "http://localhost:8001/",
        "https://id.example/?tenant=1",
        "https://id.example#part",
        "id.example",
        "ftp://id.example",
        "",
    ],
)
def test_issuer_is_a_url_without_trailing_slash_query_or_fragment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], issuer: str
) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_ISSUER": issuer})
    assert [line.split()[0] for line in refusal(posts.Settings, capsys)] == ["POSTS_ISSUER"]


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://posts_app:p@s:{SECRET}@postgres/watchword",
        f"mysql://posts_app:{SECRET}@postgres/watchword",
        f"postgresql://posts_app:{SECRET}@postgres",
        SECRET,
        "://",
    ],
)
def test_a_url_of_no_database_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    set_all(monkeypatch, POSTS | {"POSTS_DATABASE_URL": url, "POSTS_MIGRATION_DATABASE_URL": url})
    for settings, name in (
        (posts.Settings, "POSTS_DATABASE_URL"),
        (posts.PostsMigrationSettings, "POSTS_MIGRATION_DATABASE_URL"),
    ):
        [said] = refusal(settings, capsys)
        assert said.startswith(f"{name} is wrong: ")
        assert SECRET not in said
