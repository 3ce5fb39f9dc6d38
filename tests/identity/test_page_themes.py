"""The look and words of the pages: a team's files replace ours, and what could not be shown is refused before anything
starts."""

import re
from pathlib import Path

import pytest

from identity_service.pages import theme
from identity_service.pages.errors import ThemeRefused
from identity_service.pages.rendering import Pages
from identity_service.pages.samples import FRAMES, PAGES
from identity_service.pages.theme import Theme
from tests.architecture.code import ROOT
from tests.support.services import IDENTITY_URL
from watchword.service.styles import foundation

SHARED = {"device", "error_page", "field", "flaw", "passkey", "prove_password", "site"}
"""The sections of texts that are of no single page."""


def test_every_template_of_the_folder_is_a_page_with_sample_words() -> None:
    folder = Path(theme.__file__).with_name("templates")
    assert {*PAGES, *FRAMES} == {path.name for path in folder.iterdir()}
    assert all(f"`{name}`" in (ROOT / "docs" / "pages.md").read_text() for name in (*PAGES, *FRAMES))
    shown = {section for sample in PAGES.values() for section in sample.sections}
    sections = Theme().texts.sections
    assert {name for name in sections if not name.startswith("done_")} - SHARED <= shown


def pages_of(folder: Path, **files: str) -> Pages:
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return Pages(IDENTITY_URL, Theme(folder))


def test_a_folder_replaces_templates_styles_and_single_texts(tmp_path: Path) -> None:
    pages = pages_of(
        tmp_path,
        texts__toml='[site]\nlang = "de"\n[sign_up]\ntitle = "Konto anlegen"\n',
        styles__css="body{}",
        done__html="{{ section.title }}!",
    )
    html = bytes(pages.page("sign_up.html", "sign_up", path="/sign-up", sign_in_path="/sign-in").body).decode()
    assert '<html lang="de" dir="ltr">' in html
    assert "<h1>Konto anlegen</h1>" in html
    assert "Make the account" in html
    assert pages.page("done.html", "sign_up").body == b"Konto anlegen!"
    assert pages.theme.assets[pages.theme.asset_path("styles.css").removeprefix("/assets/")].content == b"body{}"


def test_the_style_of_the_pages_is_what_all_services_have_in_common_and_then_their_own() -> None:
    pages = Theme()
    style = pages.assets[pages.asset_path("styles.css").removeprefix("/assets/")].content
    own = Path(theme.__file__).with_name("static") / "styles.css"
    assert style == foundation() + own.read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("sing_up.html", "", "sing_up.html"),
        ("sign_up.html", "{% if %}", "sign_up.html does not compile"),
        ("sign_up.html", "{{ secret }}", "sign_up.html uses secret"),
        ("base.html", "{{ link }}", "base.html uses link"),
        ("button.html", "\n{{ link.nickname }}", "button.html, line 2, cannot be shown on the page button.html"),
        ("button.html", "{{ section.lead.format(user=link.username) }}", "KeyError: 'email'"),
        ("base.html", "{{ site.motto }}", "base.html, line 1, cannot be shown on the page ask.html"),
        ("fields.html", "{% macro field(texts) %}{% endmacro %}", "cannot be shown on the page ask.html"),
        ("ask.html", "{% if problems %}{{ 1 / 0 }}{% endif %}", "ZeroDivisionError"),
        ("done.html", '{% extends "frame.html" %}', "frame.html"),
        ("texts.toml", "[site", "texts.toml cannot be read"),
        ("texts.toml", '[site]\ntitel = "x"', "site.titel"),
        ("texts.toml", '[flaw]\nweak_password = "{reason}"', "{reason}"),
        ("texts.toml", '[flaw]\nweak_password = "{"', "braces"),
        ("texts.toml", '[flaw]\nweak_password = "{advice:d}"', "flaw.weak_password cannot be filled in"),
        ("texts.toml", '[verify_email]\nlead = "{email:{username}}"', "verify_email.lead cannot be filled in"),
        ("texts.toml", '[verify_email]\nlead = "{email.domain}"', "{email.domain}"),
        ("styles.css", " " * 1_048_577, "more than"),
    ],
)
def test_a_folder_with_something_that_cannot_take_effect_is_refused_by_name(
    tmp_path: Path, name: str, content: str, reason: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ThemeRefused, match=re.escape(reason)):
        Pages(IDENTITY_URL, Theme(tmp_path))
