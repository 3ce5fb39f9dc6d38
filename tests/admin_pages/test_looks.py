"""The pages of the administration look and read the same in every installation, but for its name and its logo."""

import re
from pathlib import Path

from identity_service.pages.admin import assets
from identity_service.pages.admin.rendering import AdminPages
from identity_service.pages.rendering import Pages
from identity_service.pages.theme import Theme
from tests.identity.browsing import Browsing
from tests.support.services import IDENTITY_URL
from watchword.service.styles import foundation

STATIC = Path(assets.__file__).with_name("static")


def test_a_folder_of_a_team_changes_the_name_and_the_logo_and_nothing_else(tmp_path: Path) -> None:
    def page(theme: Theme) -> str:
        answer = AdminPages(Pages(IDENTITY_URL, theme)).error(404, "not_found", None)
        return bytes(answer.body).decode()

    own = Theme()
    (tmp_path / "texts.toml").write_text('[site]\nname = "Ada & Co"\nlang = "de"\n[error_page]\ntitle = "Nein"\n')
    (tmp_path / "styles.css").write_text("body{}")
    (tmp_path / "base.html").write_text("{{ section.title }}")
    (tmp_path / "logo.svg").write_text("<svg/>")
    replaced = Theme(tmp_path)
    expected = page(own).replace("Watchword", "Ada &amp; Co")
    expected = expected.replace(own.asset_path("logo.svg"), replaced.asset_path("logo.svg"))
    assert page(replaced) == expected


def test_the_style_is_what_all_services_have_in_common_and_then_that_of_the_administration() -> None:
    style = assets.admin_assets()[assets.STYLES].content
    assert style == foundation() + (STATIC / assets.STYLES).read_bytes()


async def test_htmx_is_what_was_vendored_and_evaluates_and_stores_nothing(grace: Browsing) -> None:
    page = await grace.open("/admin/ui/users")
    for setting in ("allowEval", "allowScriptTags", "includeIndicatorStyles"):
        assert f"&#34;{setting}&#34;: false" in page
    assert "&#34;historyCacheSize&#34;: 0" in page
    (path,) = re.findall(r'<script src="([^"]+/htmx[^"]+)" defer></script>', page)
    script = await grace.open(path)
    assert script == (STATIC / assets.HTMX).read_text()
    (version,) = re.findall(r'version:"([\d.]+)"', script)
    assert version in (STATIC / "README.md").read_text()
