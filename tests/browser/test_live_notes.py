"""The example's page: a note comes while it is open, and it says so when its reader has signed out."""

from pathlib import Path

import httpx
from playwright.async_api import Dialog, Page, expect

from tests.support.person import Person
from tests.support.services import unique
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_SECONDS
from tests.system.live_notes import live_notes


async def test_a_page_shows_each_new_note_until_its_reader_signs_out(
    page: Page, running: Stack, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as http:
        with live_notes(running, tmp_path / "log") as url:
            ada = await Person(http, running, unique("ada"), url).register()
            token = ada.tokens["access_token"]

            async def give_the_token(dialog: Dialog) -> None:
                await dialog.accept(token)

            page.on("dialog", give_the_token)
            await page.goto(url)
            for text in ("One", "Two <b>"):
                answer = await http.post(f"{url}/notes", json={"text": text}, headers=ada.headers)
                assert answer.status_code == 201
                await expect(page.locator("#notes")).to_contain_text(f"{ada.username}: {text}")
            await http.delete(f"{running.identity}/sessions/current", headers=ada.identity_headers)
            await expect(page.locator("body")).to_have_text("You are signed out.")
