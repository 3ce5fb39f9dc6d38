"""A headless Chromium. Without one, these tests are skipped; with CI=true that is an error."""

import shutil
from collections.abc import AsyncIterator, Iterator
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import Browser, FloatRect, Page, async_playwright, expect

from tests.browser.barriers import Inspect, barriers
from tests.browser.blog import Blog, people_of, write
from tests.browser.hostile import Hostile
from tests.browser.post_pages import registered_person
from tests.support.needed import need
from tests.support.person import Person
from tests.support.stack import Stack, stack
from tests.support.waiting import PATIENCE_SECONDS

PICTURES = Path(__file__).parents[2] / "docs/pictures"
WIDE_PICTURES = frozenset(
    {"account", "account-devices", "consent", "done", "sign-in", "sign-up", "sign-up-with-errors"}
)
LONGEST_PICTURE = 2_000
LONGEST_PICTURE_OF_A_LIST = 1_000
SHOWN_IN_EVERY_LOOK = frozenset({"about", "edit", "home", "mine", "moderation", "post", "write"})
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

RESTARTABLE_SETTINGS = {
    "IDENTITY_BCRYPT_ROUNDS": "4",
    # Pages ask for the next token ten seconds before the end of one.
    "IDENTITY_ACCESS_TOKEN_SECONDS": "15",
    "POSTS_CLOCK_LEEWAY_SECONDS": "0",
    "POSTS_LIMIT_POSTS": "4/9000",
    "POSTS_LIMIT_PREVIEWS": "12/9000",
}

expect.set_options(timeout=PATIENCE_SECONDS * 1000)


@pytest.fixture(scope="session")
def chromium() -> str:
    need(CHROMIUM, "no Chromium on this machine; on Debian: apt install chromium")
    return str(CHROMIUM)


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("browser"), IDENTITY_BCRYPT_ROUNDS="4") as running:
        yield running


@pytest.fixture(scope="package")
def stack_of_the_blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("blog"), IDENTITY_BCRYPT_ROUNDS="4") as running:
        yield running


@pytest.fixture(scope="package")
async def blog(stack_of_the_blog: Stack) -> AsyncIterator[Blog]:
    """A stack of its own with twenty posts, which no test changes."""
    async with people_of(stack_of_the_blog) as blog:
        await write(blog)
        yield blog


@pytest.fixture(scope="package")
def restartable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Services that a test may restart, with short tokens and low limits of what one person writes."""
    with stack(tmp_path_factory.mktemp("restartable"), **RESTARTABLE_SETTINGS) as running:
        yield running


@pytest.fixture(scope="package")
def stack_of_hostile_texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("hostile"), IDENTITY_BCRYPT_ROUNDS="4") as running:
        yield running


@pytest.fixture(scope="package")
async def hostile(stack_of_hostile_texts: Stack) -> AsyncIterator[Hostile]:
    """A stack of its own with a post for each hostile text; tests add what they need."""
    async with people_of(stack_of_hostile_texts) as blog:
        hostile = Hostile(blog)
        await hostile.write()
        yield hostile


@pytest.fixture(scope="package")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One browser for all tests of the pages, each of which has contexts of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """A page of a new context; an error that the page reports fails the test."""
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    await page.screenshot(path=tmp_path / "last.png")
    await page.close()
    assert errors == []


@pytest.fixture
async def author(running: Stack) -> AsyncIterator[Person]:
    async with registered_person(running, "ada") as person:
        yield person


@pytest.fixture
async def reader(running: Stack) -> AsyncIterator[Person]:
    async with registered_person(running, "bob") as person:
        yield person


@pytest.fixture
async def moderator(running: Stack) -> AsyncIterator[Person]:
    async with registered_person(running, "mia", "moderator") as person:
        yield person


@pytest.fixture
async def grace(running: Stack) -> AsyncIterator[Person]:
    """An administrator."""
    async with registered_person(running, "grace", "admin") as person:
        yield person


async def take_picture(page: Page, picture: Path) -> None:
    """The page from its top, of a list the beginning, or what is seen while the page asks something."""
    has_dialog = await page.locator("dialog[open]").count() > 0
    longest = LONGEST_PICTURE_OF_A_LIST if await page.locator("ol.posts").count() else LONGEST_PICTURE
    size = page.viewport_size or {"width": 0, "height": 0}
    length = await page.evaluate("document.documentElement.scrollHeight")
    height = size["height"] if has_dialog else min(length, longest)
    clip: FloatRect = {"x": 0, "y": 0, "width": size["width"], "height": height}
    await page.screenshot(path=picture, animations="disabled", caret="hide", full_page=not has_dialog, clip=clip)


@pytest.fixture
def inspect(request: pytest.FixtureRequest) -> Inspect:
    """With --pictures it also takes the picture of the page, by its name: narrow and light, and of some pages wide and
    dark, or in every look."""

    async def inspect(page: Page, name: str) -> None:
        width = (page.viewport_size or {"width": 0})["width"]
        theme = "dark" if await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (name, theme)
        assert await barriers(page) == [], (name, theme, width)
        is_shown = (theme, width) == ("light", 320) or ((theme, width) == ("dark", 1280) and name in WIDE_PICTURES)
        is_shown = is_shown or name in SHOWN_IN_EVERY_LOOK
        if is_shown and request.config.getoption("--pictures"):
            picture = PICTURES / f"{name}-{theme}-{width}.png"
            await take_picture(page, picture)

    return inspect


@pytest.fixture
def stranger(running: Stack) -> Iterator[int]:
    """The port of a stranger's pages. Each has a form for the page of identity with the same path, which is filled in
    with the query, and a frame of that page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            target = f"{running.identity}{url.path}"
            fields = parse_qsl(url.query)
            inputs = "".join(f'<input name="{name}" value="{escape(value)}">' for name, value in fields)
            form = f'<form method=post action="{target}">{inputs}<button>Send</button></form>'
            html = f'{form}<iframe src="{target}"></iframe>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def application() -> Iterator[str]:
    """The address of the application Notes, which greets whoever comes back, and names the fields of a form."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Notes</title><h1>Back at Notes</h1>")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()
            self.wfile.write(
                b"<p>With %s" % b" and ".join(sorted(field.partition(b"=")[0] for field in body.split(b"&")))
            )

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()
