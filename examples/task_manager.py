"""A third service in one file: your tasks are yours, and an administrator sees and deletes everybody's.

It knows nobody's password and asks nobody who is calling: the access token says it. A logout, a ban or a lost role is
obeyed within a moment, because the issuer's security events are received. README, "A service of your own", says how to
start it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import MetaData, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from watchword.auth import Principal, Verifier, protect, requires, requires_role
from watchword.database.database import Database
from watchword.errors import NotFound
from watchword.events.receive import receive_security_events
from watchword.events.tables import ReceiverTables
from watchword.http.fields import Body, Text

# The wiring: whose tokens, for which audience; a database; what is revoked; and guards for every operation below.
metadata = MetaData()
database = Database(os.environ["TASKS_DATABASE_URL"])
issuer, audience = os.environ["TASKS_ISSUER"], os.environ["TASKS_AUDIENCE"]
secret = os.environ["TASKS_CLIENT_SECRET"]
receiver = receive_security_events(issuer, database, ReceiverTables(metadata), client_id="tasks", client_secret=secret)
verifier = Verifier.of(issuer, audience, revocations=receiver)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with database.begin() as db:
        await (await db.connection()).run_sync(metadata.create_all)
    yield
    await database.close()


app = FastAPI(title="Tasks", lifespan=lifespan)
protect(app, verifier)


class Base(DeclarativeBase):
    metadata = metadata


class Task(Base):
    __tablename__ = "tasks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(index=True)
    title: Mapped[str]


class TaskDraft(Body):
    title: Text


class TaskRead(BaseModel):
    id: UUID
    owner_id: UUID
    title: str


class TaskNotFound(NotFound):
    """Also the answer to a stranger, who may not know that there is such a task."""

    code = "task_not_found"
    detail = "There is no such task."


# The type of a parameter is the guard: no token 401, a token without the scope or the role 403.
Caller = Annotated[Principal, Depends(requires("tasks"))]
Administrator = Annotated[Principal, Depends(requires_role("admin"))]


@app.post("/tasks", status_code=201, response_model=TaskRead)
async def create_task(draft: TaskDraft, caller: Caller) -> Task:
    """A task of the caller's. Whose it is, the token says and never the body."""
    task = Task(owner_id=caller.person_id(), title=draft.title)
    async with database.begin() as db:
        db.add(task)
    return task


@app.get("/tasks", response_model=list[TaskRead])
async def list_my_tasks(caller: Caller) -> list[Task]:
    async with database.begin() as db:
        return list(await db.scalars(select(Task).where(Task.owner_id == caller.person_id()).order_by(Task.title)))


@app.get("/tasks/all", response_model=list[TaskRead])
async def list_all_tasks(_: Administrator) -> list[Task]:
    async with database.begin() as db:
        return list(await db.scalars(select(Task).order_by(Task.owner_id, Task.title)))


@app.delete("/tasks/{task_id}", status_code=204)
async def delete_task(task_id: UUID, caller: Caller) -> None:
    """Its owner may, and an administrator."""
    async with database.begin() as db:
        await db.delete(await find_for(caller, task_id, db))


async def find_for(caller: Principal, task_id: UUID, db: AsyncSession) -> Task:
    """The task, locked, where this caller may do what they like with it."""
    task = await db.get(Task, task_id, with_for_update=True)
    if task is None or not (task.owner_id == caller.person_id() or caller.has_role("admin")):
        raise TaskNotFound
    return task
