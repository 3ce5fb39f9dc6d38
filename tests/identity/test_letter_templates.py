"""Templates of letters: a team's own replace ours; what cannot be used is refused by name before anything starts."""

from pathlib import Path

import pytest

from identity_service.letters import LetterKind
from identity_service.letters.templates import Templates, TemplatesRefused

VALUES = dict.fromkeys(("username", "device", "application", "passkey", "link", "expires_at", "service"), "ada")


def test_a_file_replaces_one_template(tmp_path: Path) -> None:
    (tmp_path / "new_device.subject.txt").write_text("Hello {{ username }}\n")
    templates = Templates(tmp_path)
    templates.check()
    assert templates.render(LetterKind.NEW_DEVICE, VALUES).subject == "Hello ada"
    assert "Hello ada," in templates.render(LetterKind.NEW_DEVICE, VALUES).text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("welcome.html", ""),
        ("new_device.html", "{% if %}"),
        ("new_device.txt", "{{ password }}"),
        ("new_device.txt", "{{ 1 / 0 }}{{ link }}"),
        ("address_taken.txt", "{{ expires_at.split()[0] }}{{ link }}"),
        ("reset_password.txt", "Hello"),
        ("reset_password.html", "<p>Hello"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_by_name(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(TemplatesRefused, match=f"IDENTITY_LETTER_TEMPLATES: {name}"):
        Templates(tmp_path).check()


def test_a_template_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "new_device.txt").write_bytes(b"\xff{{ link }}")
    with pytest.raises(TemplatesRefused, match=r"IDENTITY_LETTER_TEMPLATES: new_device\.txt"):
        Templates(tmp_path).check()


def test_a_volume_of_kubernetes_is_a_folder_of_templates(tmp_path: Path) -> None:
    data = tmp_path / "..2026_01_01"
    data.mkdir()
    (data / "new_device.subject.txt").write_text("Hello")
    (tmp_path / "..data").symlink_to(data.name)
    (tmp_path / "new_device.subject.txt").symlink_to("..data/new_device.subject.txt")
    templates = Templates(tmp_path)
    templates.check()
    assert templates.render(LetterKind.NEW_DEVICE, VALUES).subject == "Hello"


def test_an_edit_of_the_folder_changes_nothing_that_runs(tmp_path: Path) -> None:
    file = tmp_path / "new_device.subject.txt"
    file.write_text("Hello")
    templates = Templates(tmp_path)
    templates.check()
    file.write_text("{% if %}")
    (tmp_path / "new_device.txt").write_text("{{ password }}")
    assert templates.render(LetterKind.NEW_DEVICE, VALUES).subject == "Hello"


def test_names_that_look_like_addresses_become_no_links() -> None:
    values = {
        **VALUES,
        "username": "www.evil.example",
        "device": "http://evil.example/a",
        "link": "https://a.example/b",
    }
    texts = Templates().render(LetterKind.NEW_DEVICE, values)
    for text in (texts.text, texts.html):
        assert "evil.example" not in text
        assert "://" not in text.replace("https://a.example/b", "")
        assert "www.\u2060evil.\u2060example" in text
        assert "https://a.example/b" in text
