"""Pages on which a stranger's text must stay a text: nothing of it runs, or becomes another part of the page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Dialog, Page

from tests.browser.opening import opened

# Also a script that the policy has stopped is one that the page let through.
WATCH = """
  window.__violations = [];
  addEventListener("securitypolicyviolation", ({ violatedDirective, sample }) =>
    __violations.push(`${violatedDirective}: ${sample}`));
"""
# The elements of the pages themselves are HTML, and their scripts are files of the service and the import map.
STRANGE = r"""() => {
  const forbidden = `iframe, frame, object, embed, applet, base, style, template, noembed, xmp, plaintext, marquee,
    video, audio, [http-equiv], [style], [srcdoc], [formaction], [ping], [background], [is], [id^=hostile],
    [name^=hostile], .text :is(img, form, input, button, select, textarea, meta, link, title, script)`;
  const ownScript = "script[type=importmap], script[type=module][src^='/assets/']";
  const urls = ["href", "src", "action", "data", "poster", "cite"];
  const schemes = ["http:", "https:", "mailto:"];
  const strange = (element) =>
    element.matches(forbidden)
    || element.namespaceURI !== "http://www.w3.org/1999/xhtml"
    || (element.localName === "script" && !element.matches(ownScript))
    || [...element.attributes].some(({ name, value }) =>
      name.startsWith("on") || (urls.includes(name) && !schemes.includes(URL.parse(value, location)?.protocol)));
  const elements = [...document.querySelectorAll("*")].filter(strange);
  const hasRun = "__xss" in window ? ["a script has run"] : [];
  return [...elements.map((element) => element.outerHTML.slice(0, 300)), ...__violations, ...hasRun];
}"""


@asynccontextmanager
async def watched(browser: Browser, own: str | tuple[str, ...], **options: Any) -> AsyncIterator[Page]:
    """A page as `opened` makes it, which also fails the test for a dialog, and can be asked by `ensure_harmless`."""
    dialogs: list[str] = []

    async def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        await dialog.dismiss()

    async with opened(browser, own, **options) as page:
        page.on("dialog", note)
        await page.add_init_script(WATCH)
        yield page
    assert dialogs == []


async def ensure_harmless(page: Page) -> None:
    """Fails if a text on this page has run, was stopped by the policy, or has become an element or a URL that no text
    may have."""
    assert await page.evaluate(STRANGE) == [], page.url
