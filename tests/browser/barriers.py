"""axe-core, which finds what keeps people from using a page. Without npm or a registry, its tests are skipped."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, cast

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
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_script())
    # Without what axe says of elements that keep the rules: it takes longer to hand over than the page takes to check.
    options = f"{{runOnly: {STANDARDS}, resultTypes: ['violations']}}"
    violations = "({violations}) => violations.map(rule => [rule.id, rule.nodes.map(node => node.html)])"
    return cast("list[Any]", await page.evaluate(f"axe.run(document, {options}).then({violations})"))


async def inspect_in_every_look(page: Page, name: str, inspect: Inspect) -> None:
    """Inspect a page as it stands, without loading it again."""
    for look in LOOKS:
        await page.set_viewport_size(look["viewport"])
        # Without transitions, whose colours lie between those of the two themes.
        await page.emulate_media(color_scheme=look["color_scheme"], reduced_motion="reduce")
        await inspect(page, name)
