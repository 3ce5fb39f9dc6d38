"""A live page of notes in one file: everybody who has it open sees each new note at once, until they sign out.

Notes and revocations are in memory: there is no database. A reader's stream ends with their session or their token;
`protect` does that, without a line here.
`README.md` in this folder says how to start it and how to call it.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import FileResponse
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel

from watchword.auth import Principal, Verifier, protect, public, requires
from watchword.events import receive_security_events

issuer, secret = os.environ["NOTES_ISSUER"], os.environ["NOTES_CLIENT_SECRET"]
receiver = receive_security_events(issuer, client_id="live-notes", client_secret=secret)
app = FastAPI(title="Live notes")
protect(app, Verifier.of(issuer, audience=os.environ["NOTES_AUDIENCE"], revocations=receiver))


class Note(BaseModel):
    text: str
    author: str | None = None


Caller = Annotated[Principal, Depends(requires("notes"))]
notes: list[Note] = []
note_added = asyncio.Condition()


@app.get("/")
@public
async def show_page() -> FileResponse:
    return FileResponse(Path(__file__).with_name("live_notes.html"))


@app.post("/notes", status_code=201)
async def add_note(note: Note, caller: Caller) -> Note:
    """Add a note. Its author comes from the token."""
    note.author = caller.username
    async with note_added:
        notes.append(note)
        note_added.notify_all()
    return note


@app.get("/notes/events", response_class=EventSourceResponse)
async def listen(_: Caller) -> AsyncIterator[Note]:
    """All notes, and then each new one."""
    position = 0
    while True:
        for note in notes[position:]:
            yield note
            position += 1
        async with note_added:
            while position == len(notes):
                await note_added.wait()
