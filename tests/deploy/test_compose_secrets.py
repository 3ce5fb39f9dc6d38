"""The secrets of a stack are created once, as a whole, and never replaced."""

import contextlib
import threading
from pathlib import Path

import pytest

from deploy.common import CommandFailed
from deploy.compose.secret_files import OWNER, delete_secrets, ensure_secrets, secrets_exist

STACK = "watchword"


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_they_are_created_once(tmp_path: Path) -> None:
    folder = tmp_path / "etc" / "secrets"
    ensure_secrets(folder, STACK, ())
    first = content(folder)
    assert len(set(first.values())) == len(first)
    assert folder.stat().st_mode & 0o777 == 0o700
    ensure_secrets(folder, STACK, [f"{STACK}_postgres"])
    assert content(folder) == first


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    assert not secrets_exist(tmp_path / "secrets")
    ensure_secrets(tmp_path / "secrets", STACK, ())
    assert OWNER in content(tmp_path / "secrets")
    assert secrets_exist(tmp_path / "secrets")


def test_a_file_of_somebody_else_in_their_folder_is_named_before_the_first_start_and_after_the_last(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "IDENTITY_SMTP_PASSWORD").write_text("the password of the mail server")
    with pytest.raises(CommandFailed, match="but IDENTITY_SMTP_PASSWORD: move it elsewhere"):
        ensure_secrets(folder, STACK, ())
    (folder / "IDENTITY_SMTP_PASSWORD").rename(tmp_path / "elsewhere")
    ensure_secrets(folder, STACK, ())
    (tmp_path / "elsewhere").rename(folder / "IDENTITY_SMTP_PASSWORD")
    ensure_secrets(folder, STACK, ())
    delete_secrets(folder)
    with pytest.raises(CommandFailed, match="but IDENTITY_SMTP_PASSWORD: move it elsewhere"):
        ensure_secrets(folder, STACK, ())


@pytest.mark.parametrize("problem", ["is missing", "is empty"])
def test_a_missing_or_empty_one_is_named_and_nothing_is_replaced(tmp_path: Path, problem: str) -> None:
    folder = tmp_path / "secrets"
    ensure_secrets(folder, STACK, ())
    (folder / "POSTS_CLIENT_SECRET").unlink()
    if problem == "is empty":
        (folder / "POSTS_CLIENT_SECRET").write_text("\n")
    before = content(folder)
    with pytest.raises(CommandFailed, match=f"POSTS_CLIENT_SECRET {problem}"):
        ensure_secrets(folder, STACK, ())
    assert content(folder) == before


def test_a_folder_of_an_earlier_release_gets_the_key_of_the_pages_and_keeps_the_others(tmp_path: Path) -> None:
    ensure_secrets(tmp_path, STACK, ())
    before = content(tmp_path)
    (tmp_path / "POSTS_PAGES_SEALING_KEY").unlink()
    ensure_secrets(tmp_path, STACK, ())
    after = content(tmp_path)
    assert len({before.pop("POSTS_PAGES_SEALING_KEY"), after.pop("POSTS_PAGES_SEALING_KEY")}) == 2
    assert after == before


def test_none_are_created_for_a_database_that_belongs_to_others(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="the database that belongs to them exists"):
        ensure_secrets(tmp_path / "secrets", STACK, [f"{STACK}_postgres"])
    assert list(tmp_path.iterdir()) == []


def test_the_secrets_of_another_stack_are_refused(tmp_path: Path) -> None:
    ensure_secrets(tmp_path / "secrets", STACK, ())
    with pytest.raises(CommandFailed, match="belong to the stack watchword, not to other"):
        ensure_secrets(tmp_path / "secrets", "other", ())


def test_several_starts_at_once_create_one_complete_set(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"

    def create() -> None:
        # Another thread may have been first.
        with contextlib.suppress(OSError):
            ensure_secrets(folder, STACK, ())

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ensure_secrets(folder, STACK, ())
    assert OWNER in content(folder)


def test_only_the_secrets_are_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    ensure_secrets(folder, STACK, ())
    (folder / "somebody's letter").write_text("dear")
    delete_secrets(folder)
    assert [path.name for path in folder.iterdir()] == ["somebody's letter"]
    assert OWNER not in content(folder)
    (folder / "somebody's letter").unlink()
    delete_secrets(folder)
    delete_secrets(folder)
    assert not folder.exists()
