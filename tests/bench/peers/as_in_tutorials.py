"""Posts as tutorials build an application: `def` endpoints, a synchronous SQLAlchemy session for each request, tokens
signed with HS256, and the user looked up by name for each request."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import bcrypt
import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from sqlalchemy import ARRAY, DateTime, ForeignKey, MetaData, String, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

from tests.bench.peers.schemas import Page, PostDraft, PostRead

SECRET, ALGORITHM = os.environ["PEER_SECRET"], "HS256"
engine = create_engine(os.environ["PEER_DATABASE_URL"])
SessionLocal = sessionmaker(engine, autoflush=False)


class Base(DeclarativeBase):
    metadata = MetaData(schema="peers")
    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - as SQLAlchemy documents it


class User(Base):
    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    hashed_password: Mapped[str]
    is_active: Mapped[bool]


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


def get_db() -> Iterator[Session]:
    with SessionLocal() as db:
        yield db


Database = Annotated[Session, Depends(get_db)]
Token = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="login"))]


def find_user(db: Session, username: str) -> User | None:
    return db.scalars(select(User).where(User.username == username)).first()


def get_current_user(token: Token, db: Database) -> User:
    try:
        username = jwt.decode(token, SECRET, algorithms=[ALGORITHM])["sub"]
    except (jwt.InvalidTokenError, KeyError):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from None
    user = find_user(db, username)
    if user is None or not user.is_active:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
app = FastAPI()


@app.post("/login")
def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()], db: Database) -> dict[str, str]:
    user = find_user(db, form.username)
    if user is None or not bcrypt.checkpw(form.password.encode(), user.hashed_password.encode()):
        raise HTTPException(401)
    claims = {"sub": user.username, "exp": datetime.now(UTC) + timedelta(hours=1)}
    return {"access_token": jwt.encode(claims, SECRET, algorithm=ALGORITHM), "token_type": "bearer"}


@app.get("/posts/{post_id}", response_model=PostRead)
def read_post(post_id: UUID, user: CurrentUser, db: Database) -> Post:
    post = db.get(Post, post_id)
    if post is None or (post.state == "draft" and post.author_id != user.id):
        raise HTTPException(404)
    return post


@app.get("/posts", response_model=Page)
def list_posts(user: CurrentUser, db: Database, limit: int = 20) -> dict[str, list[Post]]:
    newest = select(Post).where(Post.state == "published").order_by(Post.published_at.desc(), Post.id.desc())
    return {"items": list(db.scalars(newest.limit(limit)))}


@app.post("/posts", response_model=PostRead, status_code=201)
def publish_post(draft: PostDraft, user: CurrentUser, db: Database) -> Post:
    now = datetime.now(UTC)
    times = {"created_at": now, "updated_at": now, "published_at": now if draft.state == "published" else None}
    post = Post(**draft.model_dump(), **times, summary=draft.body[:280], author_id=user.id)
    db.add(post)
    db.commit()
    db.refresh(post)
    return post


@app.get("/readyz")
async def readyz() -> None:
    """Answer as soon as the application serves."""


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PEER_PORT"]), access_log=False, log_level="warning")
