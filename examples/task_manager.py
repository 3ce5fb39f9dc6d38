"""A task manager in one file: users see and change their own tasks, an administrator sees and deletes all.

The service stores no password, and learns from the access token alone who is calling. It receives the
issuer's security events, so a logout, a ban or a lost role is obeyed within a second. `README.md` in this folder says
how to start it and how to call it.
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

from watchword.auth import Principal, Verifier, protect, requires
from watchword.database import Database, create_tables
from watchword.errors import NotFound
from watchword.events import ReceiverTables, receive_security_events
from watchword.http.fields import Body, Text

# The wiring: a database, the issuer's events, its tokens for this audience, and a guard for every operation below.
issuer, secret = os.environ["TASKS_ISSUER"], os.environ["TASKS_CLIENT_SECRET"]
metadata = MetaData()
database = Database(os.environ["TASKS_DATABASE_URL"])
tables = ReceiverTables(metadata)
receiver = receive_security_events(issuer, database, tables, client_id="tasks", client_secret=secret)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    try:
        await tables.create(database)
        await create_tables(database, metadata)
        yield
    finally:
        await database.close()


app = FastAPI(title="Tasks", lifespan=lifespan)
protect(app, Verifier.of(issuer, audience=os.environ["TASKS_AUDIENCE"], revocations=receiver))


class Base(DeclarativeBase):
    metadata = metadata


class Task(Base):
    __tablename__ = "tasks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(index=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    completed: Mapped[bool] = mapped_column(default=False)


class TaskDraft(Body):
    title: Text
    description: Text = ""


class TaskChanges(Body):
    """Members that are left out stay as they are."""

    title: Text = ""
    description: Text = ""
    completed: bool = False


class TaskRead(BaseModel):
    id: UUID
    owner_id: UUID
    title: str
    description: str
    completed: bool


class TaskNotFound(NotFound):
    """Also the answer to a user who may not know that this task exists."""

    code = "task_not_found"
    detail = "There is no such task."


# The type of a parameter is the guard: without a token 401, without the scope or the role 403.
Caller = Annotated[Principal, Depends(requires("tasks"))]
Administrator = Annotated[Principal, Depends(requires("tasks", role="admin"))]


@app.post("/tasks", status_code=201, response_model=TaskRead)
async def create_task(draft: TaskDraft, caller: Caller) -> Task:
    """Create a task. Its owner comes from the token, never from the body."""
    task = Task(owner_id=caller.person_id(), **draft.model_dump())
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


@app.patch("/tasks/{task_id}", response_model=TaskRead)
async def change_task(task_id: UUID, changes: TaskChanges, caller: Caller) -> Task:
    """Change a task, or mark it as completed. Only its owner may."""
    async with database.begin() as db:
        task = await get_for_update(task_id, db)
        if not is_owner(caller, task):
            raise TaskNotFound
        for name, value in changes.model_dump(exclude_unset=True).items():
            setattr(task, name, value)
    return task


@app.delete("/tasks/{task_id}", status_code=204)
async def delete_task(task_id: UUID, caller: Caller) -> None:
    """Delete a task. Its owner and administrators may."""
    async with database.begin() as db:
        task = await get_for_update(task_id, db)
        if not (is_owner(caller, task) or caller.has_role("admin")):
            raise TaskNotFound
        await db.delete(task)


async def get_for_update(task_id: UUID, db: AsyncSession) -> Task:
    """The task, its row locked until the transaction ends."""
    task = await db.get(Task, task_id, with_for_update=True)
    if task is None:
        raise TaskNotFound
    return task


def is_owner(caller: Principal, task: Task) -> bool:
    return task.owner_id == caller.person_id()
