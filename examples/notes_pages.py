"""A page whose readers sign in at identity, by a redirect and back: no token is in a cookie that a script can read.

`README.md` in this folder says how to start it.
"""

import os
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import FileResponse

from watchword.auth import Principal, Verifier, protect, public, requires
from watchword.pages import PagesSettings, install

issuer, origin = os.environ["NOTES_ISSUER"], os.environ["NOTES_ORIGIN"]
secret, key = os.environ["NOTES_CLIENT_SECRET"], os.environ["NOTES_SEALING_KEY"]
client = {"client_id": "notes-pages", "client_secret": secret, "sealing_key": key}
app = FastAPI(title="Notes")
protect(app, Verifier.of(issuer, audience=origin))
install(app, PagesSettings(issuer=issuer, origin=origin, audience=origin, scopes=["my-notes"], **client))


@app.get("/")
@public
async def show_page() -> FileResponse:
    return FileResponse(Path(__file__).with_name("notes_pages.html"))


@app.get("/notes")
async def read_notes(reader: Annotated[Principal, Depends(requires("my-notes"))]) -> dict[str, str | None]:
    return {"notes_of": reader.username}
