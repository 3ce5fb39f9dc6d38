"""Settings may come from one file that both services share."""

import os
from pathlib import Path

import pytest

import identity_service.settings as identity
import posts_service.settings as posts
from tests.shared.test_settings import IDENTITY, POSTS, SECRET, clean_environment, refusal
from watchword.service.settings import ENV_FILE_VARIABLE, SECRETS_FOLDER_VARIABLE, EnvironmentSettings, load

__all__ = ["clean_environment"]


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the settings of both services."""
    path = tmp_path / "services.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in (POSTS | IDENTITY).items()))
    monkeypatch.setenv(ENV_FILE_VARIABLE, str(path))
    monkeypatch.setenv(SECRETS_FOLDER_VARIABLE, "/nowhere")
    return path


def add(env_file: Path, text: str) -> None:
    with env_file.open("a") as file:
        file.write(text)


def test_both_services_read_their_settings_from_one_file(env_file: Path) -> None:
    assert load(posts.Settings).audience == POSTS["POSTS_AUDIENCE"]
    settings = load(identity.Settings)
    assert settings.key_encryption_key.get_secret_value() == IDENTITY["IDENTITY_KEY_ENCRYPTION_KEY"]


@pytest.mark.parametrize(
    "settings", [posts.PostsMigrationSettings, identity.IdentityMigrationSettings, identity.SetupSettings]
)
def test_the_settings_of_a_command_may_be_in_it(env_file: Path, settings: type[EnvironmentSettings]) -> None:
    prefix = settings.model_config["env_prefix"]
    add(env_file, f"{prefix}MIGRATION_DATABASE_URL={POSTS['POSTS_DATABASE_URL']}\n")
    add(env_file, f"IDENTITY_POSTS_AUDIENCE=http://localhost:8002\nIDENTITY_POSTS_CLIENT_SECRET={SECRET * 2}\n")
    load(settings)


@pytest.mark.parametrize("line", ["POSTS_UNKNOWN=1", "UNRELATED=1", "PORT=1", "posts_unknown=1", "IDENTITY_X="])
def test_a_variable_that_is_no_setting_is_ignored(env_file: Path, line: str) -> None:
    add(env_file, f"{line}\n")
    assert load(posts.Settings).port == 8_002


def test_comments_quotes_and_export_are_understood(env_file: Path) -> None:
    add(
        env_file,
        "# a comment\n\nexport POSTS_HOST=\"0.0.0.0\"\nPOSTS_CORS_ORIGINS='http://a.example,http://b.example'\n",
    )
    settings = load(posts.Settings)
    assert settings.host == "0.0.0.0"  # noqa: S104
    assert settings.cors_origins == ("http://a.example", "http://b.example")


def test_the_environment_wins_over_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(env_file, "POSTS_PORT=9001\n")
    assert load(posts.Settings).port == 9_001
    monkeypatch.setenv("POSTS_PORT", "9002")
    assert load(posts.Settings).port == 9_002


def test_the_file_wins_over_the_folder_of_secrets(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRETS_FOLDER_VARIABLE, str(env_file.parent))
    (env_file.parent / "POSTS_CLIENT_SECRET").write_text("a secret from the folder")
    (env_file.parent / "POSTS_LOG_LEVEL").write_text("debug")
    settings = load(posts.Settings)
    assert (settings.client_secret.get_secret_value(), settings.log_level) == (SECRET, "debug")


def test_a_wrong_value_in_the_file_is_named_and_not_shown(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(env_file, f"POSTS_PORT={SECRET}\nPOSTS_JWKS_URL=\n")
    lines = refusal(posts.Settings, capsys)
    assert sorted(line.split()[0] for line in lines) == ["POSTS_JWKS_URL", "POSTS_PORT"]
    assert SECRET not in "".join(lines)


def test_an_empty_name_is_no_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_FILE_VARIABLE, "")
    with pytest.raises(SystemExit):
        load(posts.Settings)


def test_a_file_that_does_not_exist_is_refused(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env_file.unlink()
    assert refusal(posts.Settings, capsys) == [f"{env_file} cannot be read: No such file or directory"]


def test_a_folder_is_refused(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env_file.unlink()
    env_file.mkdir()
    assert refusal(posts.Settings, capsys) == [f"{env_file} cannot be read: Is a directory"]


def test_a_pipe_is_refused_and_not_waited_for(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env_file.unlink()
    os.mkfifo(env_file)
    assert refusal(posts.Settings, capsys) == [f"{env_file} cannot be read: it is a pipe, which can be read only once"]


def test_a_file_that_is_not_text_is_refused(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env_file.write_bytes(b"POSTS_PORT=\xff\n")
    assert refusal(posts.Settings, capsys) == [f"{env_file} cannot be read: it is not UTF-8 text"]


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_it(env_file: Path) -> None:
    text = "POSTS_PORT=9001\r\n" + env_file.read_text().replace("\n", "\r\n")
    env_file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    settings = load(posts.Settings)
    assert (settings.port, settings.client_secret.get_secret_value()) == (9_001, SECRET)


@pytest.mark.parametrize(("line", "number"), [("POSTS_PORT", 10), ("POSTS_PORT 9001", 10), ("\n\n$(date)", 12)])
def test_a_line_that_sets_nothing_is_refused_by_its_number(
    env_file: Path, capsys: pytest.CaptureFixture[str], line: str, number: int
) -> None:
    assert len(env_file.read_text().splitlines()) == 9
    add(env_file, f"{line}\n")
    assert refusal(posts.Settings, capsys) == [f"{env_file} cannot be read: line {number} must look like NAME=value"]


def test_a_variable_that_is_there_twice_is_refused(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(env_file, "POSTS_PORT=9001\nposts_port=9002\n")
    assert refusal(posts.Settings, capsys) == [f"POSTS_PORT is wrong: {env_file} has it 2 times"]


def test_a_file_that_is_too_large_is_refused(env_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(env_file, "#" * 10_000_000)
    assert refusal(posts.Settings, capsys) == [f"{env_file} cannot be read: it is larger than 1048576 bytes"]


def test_a_device_is_refused_and_not_read(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(ENV_FILE_VARIABLE, "/dev/zero")
    assert refusal(posts.Settings, capsys) == ["/dev/zero cannot be read: it is no regular file"]
