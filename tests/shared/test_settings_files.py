"""A setting may be a file of its name in the folder of secrets, as containers get them."""

import os
from pathlib import Path

import pytest

import posts_service.settings as posts
from tests.shared.test_settings import DATABASE_URL, POSTS, SECRET, clean_environment, refusal, set_all
from watchword.service.settings import SECRETS_FOLDER_VARIABLE, load

__all__ = ["clean_environment"]

PLAIN = {name: value for name, value in POSTS.items() if not {"SECRET", "KEY", "DATABASE"} & {*name.split("_")}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(SECRETS_FOLDER_VARIABLE, str(tmp_path))
    set_all(monkeypatch, PLAIN)
    for name in POSTS.keys() - PLAIN.keys():
        (tmp_path / name).write_text(f"{POSTS[name]}\n")
    return tmp_path


def test_secrets_come_from_files(folder: Path) -> None:
    settings = load(posts.Settings)
    assert settings.database_url == DATABASE_URL
    assert settings.client_secret.get_secret_value() == SECRET


def test_the_environment_wins_over_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTS_CLIENT_SECRET", "another secret of a client")
    assert load(posts.Settings).client_secret.get_secret_value() == "another secret of a client"


def test_file_that_is_missing_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "POSTS_CLIENT_SECRET").unlink()
    assert refusal(posts.Settings, capsys) == ["POSTS_CLIENT_SECRET is not set"]


@pytest.mark.parametrize("name", ["POSTS_CLIENT_SECRET", "POSTS_DATABASE_URL"])
@pytest.mark.parametrize("content", ["", "\n"])
def test_file_that_is_empty_is_named(folder: Path, capsys: pytest.CaptureFixture[str], name: str, content: str) -> None:
    (folder / name).write_text(content)
    assert refusal(posts.Settings, capsys) == [f"{name} is empty"]


def test_a_folder_where_a_file_should_be_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # What a container engine makes if the file to mount is missing.
    (folder / "POSTS_CLIENT_SECRET").unlink()
    (folder / "POSTS_CLIENT_SECRET").mkdir()
    path = folder / "POSTS_CLIENT_SECRET"
    assert refusal(posts.Settings, capsys) == [f"POSTS_CLIENT_SECRET is wrong: {path} is a folder, not a file"]


def test_a_folder_that_is_not_there_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, POSTS)
    monkeypatch.setenv(SECRETS_FOLDER_VARIABLE, "/nowhere")
    assert load(posts.Settings).database_url == DATABASE_URL


@pytest.mark.parametrize("proxies", ["10.0.0.0/8", "127.0.0.1, ::1,172.16.0.0/12", ""])
def test_trusted_proxies_are_addresses_and_networks(
    folder: Path, monkeypatch: pytest.MonkeyPatch, proxies: str
) -> None:
    monkeypatch.setenv("POSTS_TRUSTED_PROXIES", proxies)
    assert ",".join(load(posts.Settings).trusted_proxies) == proxies.replace(" ", "")


@pytest.mark.parametrize("proxies", ["*", "caddy", "10.0.0.1/8", "10.0.0.0/8;::1"])
def test_a_proxy_that_is_no_address_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], proxies: str
) -> None:
    monkeypatch.setenv("POSTS_TRUSTED_PROXIES", proxies)
    assert [line.split(":")[0] for line in refusal(posts.Settings, capsys)] == ["POSTS_TRUSTED_PROXIES is wrong"]


def test_hops_without_trusted_proxies_are_refused_by_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTS_TRUSTED_HOPS", "2")
    [said] = refusal(posts.Settings, capsys)
    assert said.startswith("POSTS_TRUSTED_HOPS is wrong: it has no effect without POSTS_TRUSTED_PROXIES")
    monkeypatch.setenv("POSTS_TRUSTED_PROXIES", "10.0.0.0/8")
    assert load(posts.Settings).trusted_hops == 2


@pytest.mark.parametrize("hops", ["0", "11", "-1", "1.5", ""])
def test_hops_are_one_to_ten(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], hops: str
) -> None:
    monkeypatch.setenv("POSTS_TRUSTED_PROXIES", "10.0.0.0/8")
    monkeypatch.setenv("POSTS_TRUSTED_HOPS", hops)
    [said] = refusal(posts.Settings, capsys)
    assert said.startswith("POSTS_TRUSTED_HOPS is ")


def test_a_mistake_in_the_trusted_proxies_is_the_only_one_that_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTS_TRUSTED_PROXIES", "caddy")
    monkeypatch.setenv("POSTS_TRUSTED_HOPS", "2")
    assert [line.split(":")[0] for line in refusal(posts.Settings, capsys)] == ["POSTS_TRUSTED_PROXIES is wrong"]


@pytest.mark.parametrize("content", [f"\ufeff{SECRET}", f"{SECRET}\r\n", f"\n {SECRET} \n\n"])
def test_what_an_editor_writes_around_a_secret_is_no_part_of_it(folder: Path, content: str) -> None:
    (folder / "POSTS_CLIENT_SECRET").write_bytes(content.encode())
    assert load(posts.Settings).client_secret.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"{SECRET}\n{SECRET}".encode(), "it has more than one line, or a control character"),
        (f"{SECRET}\0".encode(), "it has more than one line, or a control character"),
        (SECRET.encode("utf-16"), "it is not UTF-8 text"),
        (b"x" * 10_000_000, "it is larger than 65536 bytes"),
    ],
    ids=["two lines", "NUL", "UTF-16", "10 MB"],
)
def test_a_file_that_holds_no_value_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, why: str
) -> None:
    (folder / "POSTS_CLIENT_SECRET").write_bytes(content)
    assert refusal(posts.Settings, capsys) == [f"POSTS_CLIENT_SECRET is wrong: {why}"]


def test_a_pipe_in_the_folder_is_refused_and_not_waited_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "POSTS_CLIENT_SECRET").unlink()
    os.mkfifo(folder / "POSTS_CLIENT_SECRET")
    assert refusal(posts.Settings, capsys) == ["POSTS_CLIENT_SECRET is wrong: it is no regular file"]


def test_two_files_for_one_variable_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "posts_client_secret").write_text("another secret of some length")
    (folder / "POSTS_CLIENT_SECRET").write_text("a secret of sufficient length")
    assert refusal(posts.Settings, capsys) == [f"POSTS_CLIENT_SECRET is wrong: {folder} has it 2 times"]


def test_a_secret_in_quotes_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "POSTS_CLIENT_SECRET").write_text('"a secret of sufficient length"')
    (line,) = refusal(posts.Settings, capsys)
    assert line.startswith("POSTS_CLIENT_SECRET is wrong: it stands in quotes")
