"""The secrets of a stack are made once and whole, and never guessed."""

import contextlib
import threading
from pathlib import Path

import pytest

from deploy.compose.secret_files import OWNER, delete_secrets, ensure_secrets
from deploy.local.processes import LocalFailure

STACK = "watchword"


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_they_are_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "etc" / "secrets"
    assert ensure_secrets(folder, STACK, ()) is True
    made = content(folder)
    assert len(set(made.values())) == len(made)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert ensure_secrets(folder, STACK, [f"{STACK}_postgres"]) is False
    assert content(folder) == made


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    assert ensure_secrets(tmp_path / "secrets", STACK, ()) is True


@pytest.mark.parametrize("breaks", ["is missing", "is empty"])
def test_one_that_is_missing_or_empty_is_named_and_nothing_made_anew(tmp_path: Path, breaks: str) -> None:
    folder = tmp_path / "secrets"
    ensure_secrets(folder, STACK, ())
    (folder / "POSTS_CLIENT_SECRET").unlink()
    if breaks == "is empty":
        (folder / "POSTS_CLIENT_SECRET").write_text("\n")
    before = content(folder)
    with pytest.raises(LocalFailure, match=f"POSTS_CLIENT_SECRET {breaks}"):
        ensure_secrets(folder, STACK, ())
    assert content(folder) == before


def test_none_are_made_for_a_database_that_has_been_made_with_others(tmp_path: Path) -> None:
    with pytest.raises(LocalFailure, match="the database that belongs to them is there"):
        ensure_secrets(tmp_path / "secrets", STACK, [f"{STACK}_postgres"])
    assert list(tmp_path.iterdir()) == []


def test_those_of_another_stack_are_refused(tmp_path: Path) -> None:
    ensure_secrets(tmp_path / "secrets", STACK, ())
    with pytest.raises(LocalFailure, match="are those of the stack watchword, not of other"):
        ensure_secrets(tmp_path / "secrets", "other", ())


def test_two_at_once_make_one_whole_set(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"

    def make() -> None:
        # The other one may have been first.
        with contextlib.suppress(OSError):
            ensure_secrets(folder, STACK, ())

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ensure_secrets(folder, STACK, ()) is False


def test_only_what_was_made_is_deleted(tmp_path: Path) -> None:
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
