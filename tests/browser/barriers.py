"""axe-core, which finds what keeps people from using a page. Without npm or a registry, its tests are skipped."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from playwright.async_api import Page

from tests.support.tools import node_modules

STANDARDS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
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
    return (node_modules(".axe") / "axe-core/axe.min.js").read_text()


async def barriers(page: Page) -> list[Any]:
    """The rules that the page breaks, each with the elements that do."""
    # `evaluate` is not subject to the page's policy, which allows no script.
    await page.evaluate(_script())
    outcome = await page.evaluate(f"axe.run(document, {{runOnly: {STANDARDS}}})")
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in outcome["violations"]]


async def inspect_in_every_look(page: Page, name: str, inspect: Inspect) -> None:
    """Inspect a page as it stands, without loading it again."""
    for look in LOOKS:
        await page.set_viewport_size(look["viewport"])
        # Without transitions, whose colours lie between those of the two themes.
        await page.emulate_media(color_scheme=look["color_scheme"], reduced_motion="reduce")
        await inspect(page, name)
