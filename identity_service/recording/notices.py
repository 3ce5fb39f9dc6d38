"""Letters that nobody asked for: they tell the owner of an account what happened to it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.letters import Letter, LetterKind, Letters
from identity_service.links import repository as links
from identity_service.links.models import LinkKind
from watchword.database.writes import WriteTransaction


class Notices:
    """Writes a notice in the transaction of the change, with a link that says "this was not me"."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def send(
        self,
        db: AsyncSession | WriteTransaction,
        kind: LetterKind,
        user_id: UUID,
        now: datetime,
        device: str = "",
    ) -> None:
        """Send a notice of this kind to the account's address. The user must be locked."""
        link = await links.issue(db, LinkKind.NOTICE, user_id, now)
        letter = Letter(kind=kind, user_id=user_id, token=link.token, expires_at=link.expires_at, device=device)
        await self._letters.enqueue(db, letter)
