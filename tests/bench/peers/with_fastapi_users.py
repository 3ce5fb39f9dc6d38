"""Posts with fastapi-users, as its documentation builds an application: bearer transport, JWT strategy, SQLAlchemy's
asyncio extension. It looks the user up for each request."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from pwdlib import PasswordHash
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy import ARRAY, DateTime, ForeignKey, MetaData, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from tests.bench.peers.schemas import Page, PostDraft, PostRead

SECRET = os.environ["PEER_SECRET"]
engine = create_async_engine(os.environ["PEER_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"))
session_maker = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    metadata = MetaData(schema="peers")
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - as SQLAlchemy documents it


class User(SQLAlchemyBaseUserTableUUID, Base):
    __tablename__ = "users"

    username: Mapped[str] = mapped_column(unique=True)


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.uuidv7())
    author_id: Mapped[UUID] = mapped_column(ForeignKey(User.id))
    title: Mapped[str]
    body: Mapped[str]
    slug: Mapped[str | None]
    summary: Mapped[str | None]
    html: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    state: Mapped[str]
    unpublished_reason: Mapped[str | None]
    likes: Mapped[int] = mapped_column(default=0)
    comments: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    author: Mapped[User] = relationship(lazy="joined", innerjoin=True)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with session_maker() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


async def get_user_db(session: Session) -> AsyncIterator[SQLAlchemyUserDatabase[User, UUID]]:
    yield SQLAlchemyUserDatabase(session, User)


class UserManager(UUIDIDMixin, BaseUserManager[User, UUID]):
    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


UserDatabase = Annotated[SQLAlchemyUserDatabase[User, UUID], Depends(get_user_db)]


async def get_user_manager(user_db: UserDatabase) -> AsyncIterator[UserManager]:
    yield UserManager(user_db, PasswordHelper(PasswordHash((BcryptHasher(rounds=12),))))


def get_jwt_strategy() -> JWTStrategy[User, UUID]:
    return JWTStrategy(secret=SECRET, lifetime_seconds=3600)


backend = AuthenticationBackend(
    name="jwt", transport=BearerTransport(tokenUrl="auth/jwt/login"), get_strategy=get_jwt_strategy
)
fastapi_users = FastAPIUsers[User, UUID](get_user_manager, [backend])
CurrentUser = Annotated[User, Depends(fastapi_users.current_user(active=True))]

app = FastAPI()
app.include_router(fastapi_users.get_auth_router(backend), prefix="/auth/jwt", tags=["auth"])


@app.get("/posts/{post_id}", response_model=PostRead)
async def read_post(post_id: UUID, user: CurrentUser, session: Session) -> Post:
    post = await session.get(Post, post_id)
    if post is None or (post.state == "draft" and post.author_id != user.id):
        raise HTTPException(404)
    return post


@app.get("/posts", response_model=Page)
async def list_posts(user: CurrentUser, session: Session, limit: int = 20) -> dict[str, list[Post]]:
    newest = select(Post).where(Post.state == "published").order_by(Post.published_at.desc(), Post.id.desc())
    return {"items": list((await session.scalars(newest.limit(limit))).all())}


@app.post("/posts", response_model=PostRead, status_code=201)
async def publish_post(draft: PostDraft, user: CurrentUser, session: Session) -> Post:
    now = datetime.now(UTC)
    times = {"created_at": now, "updated_at": now, "published_at": now if draft.state == "published" else None}
    post = Post(**draft.model_dump(), **times, summary=draft.body[:280], author_id=user.id)
    session.add(post)
    await session.commit()
    await session.refresh(post)
    return post


@app.get("/readyz")
async def readyz() -> None:
    """Answer as soon as the application serves."""


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PEER_PORT"]), access_log=False, log_level="warning")
