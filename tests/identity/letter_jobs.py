"""Letters as their callers enqueue them, and what has become of their jobs."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from identity_service.accounts.schemas import Registration
from identity_service.letters import Letter, LetterKind
from identity_service.letters.mailer import Mail
from tests.support import services
from tests.support.databases import Databases

TOKEN = "0-token-of-a-link-that-nobody-else-may-read"
JOBS = "SELECT * FROM identity.jobs WHERE kind = 'letter'"
NO_LEASE = "UPDATE identity.jobs SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL"
NO_PAUSE = "UPDATE identity.jobs SET run_at = now() WHERE kind = 'letter' AND leased_until IS NULL"
FOREVER = float("inf")


def letter(service: services.Identity, user_id: str | None, kind: LetterKind, **members: Any) -> Letter:
    expires_at = service.parts.clock.now() + timedelta(hours=1)
    account = None if user_id is None else UUID(user_id)
    values = {"to": user_id and "ada@example.com", "token": TOKEN, "expires_at": expires_at, **members}
    return Letter(kind=kind, user_id=account, **values)


async def account(service: services.Identity) -> str:
    """The id of an account that was made without a letter."""
    ada = Registration(username="ada", email="ada@example.com", password=services.PASSWORD)
    return str((await service.parts.registrations.create(ada)).user.id)


async def enqueue(service: services.Identity, *letters: Letter) -> None:
    async with service.parts.database.begin() as db:
        for each in letters:
            await service.parts.letters.enqueue(db, each)


async def no_jobs(databases: Databases) -> bool:
    return not await databases.fetch("identity_app", JOBS)


async def dead(databases: Databases) -> bool:
    return [row["dead_at"] is not None for row in await databases.fetch("identity_app", JOBS)] == [True]


async def has_failed(databases: Databases) -> bool:
    return any(row["last_error"] for row in await databases.fetch("identity_app", JOBS))


def mail(recipient: str = "ada@example.com") -> Mail:
    """A rendered letter."""
    message = EmailMessage()
    message["Subject"] = "Hello"
    message.set_content("Hello")
    return Mail(message, "no-reply@example.com", recipient, "1", "http://localhost:8001/link")
