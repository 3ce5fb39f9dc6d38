"""A service with one route for everybody and one, with a stream, for people who have used two factors."""

from typing import Final

VAULT: Final = """
import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import MetaData
from watchword.auth import Principal, Verifier, protect, requires
from watchword.database import Database
from watchword.events import ReceiverTables, receive_security_events

issuer, audience, url = os.environ["VAULT_ISSUER"], os.environ["VAULT_AUDIENCE"], os.environ.get("VAULT_DATABASE_URL")
database, tables = (Database(url), ReceiverTables(MetaData())) if url else (None, None)
credentials = {"client_id": os.environ["VAULT_CLIENT"], "client_secret": os.environ["VAULT_SECRET"]}
receiver = receive_security_events(issuer, database, tables, **credentials)
Reader = Annotated[Principal, Depends(requires(os.environ["VAULT_SCOPE"]))]
StrongReader = Annotated[Principal, Depends(requires(os.environ["VAULT_SCOPE"], acr="mfa", max_age=3600))]


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    if database is None:
        yield
        return
    try:
        await tables.create(database)
        yield
    finally:
        await database.close()


app = FastAPI(lifespan=lifespan)
protect(app, Verifier.of(issuer, audience=audience, revocations=receiver))


@app.get("/hall")
async def look_around(reader: Reader) -> str:
    return reader.subject


@app.get("/vault")
async def open_vault(reader: StrongReader) -> str:
    return reader.subject


@app.get("/vault/live")
async def watch_vault(reader: StrongReader) -> StreamingResponse:
    async def events() -> AsyncIterator[str]:
        while True:
            yield "data: quiet\\n\\n"
            await asyncio.sleep(0.05)

    return StreamingResponse(events(), media_type="text/event-stream")
"""
