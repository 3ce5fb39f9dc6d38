"""axe-core, which finds what keeps people from using a page. Without npm or a registry, its tests are skipped."""

import shutil
import subprocess
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.support.needed import need

ROOT = Path(__file__).parents[2]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
INSTALLING_SECONDS = 300
LOOKS: list[dict[str, Any]] = [
    {"color_scheme": theme, "viewport": {"width": width, "height": 800}}
    for theme in ("light", "dark")
    for width in (320, 1280)
]
"""How a page is looked at: the theme, and the size of the window, as options of a browser's context."""

Inspect = Callable[[Page, str], Awaitable[None]]
"""Fails for a page that has barriers or is wider than its window."""


@cache
def _script() -> str:
    need(shutil.which("npm"), "no npm on this machine; on Debian: apt install nodejs npm")
    making = ["make", "--silent", ".axe/node"]
    ended = subprocess.run(making, cwd=ROOT, capture_output=True, text=True, timeout=INSTALLING_SECONDS, check=False)
    need(ended.returncode == 0, f"axe-core cannot be installed: {ended.stderr.strip()[-300:]}")
    return (ROOT / ".axe/node_modules/axe-core/axe.min.js").read_text()


async def barriers(page: Page) -> list[Any]:
    """The rules that the page breaks, each with the elements that do."""
    # `evaluate` is not subject to the page's policy, which allows no script.
    await page.evaluate(_script())
    outcome = await page.evaluate(f"axe.run(document, {{runOnly: {STANDARDS}}})")
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in outcome["violations"]]
