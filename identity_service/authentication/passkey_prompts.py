"""What pages ask a browser for that may have a passkey."""

from typing import Any
from uuid import UUID

from identity_service.factors import repository
from identity_service.factors.ceremonies import Ceremonies
from identity_service.factors.challenges import Purpose
from watchword.database.database import Database

Options = dict[str, Any]
"""What `navigator.credentials.get` takes, as JSON has it."""


class PasskeyPrompts:
    """The options for a page to ask with. They are None where no passkey could be the answer: then nothing is shown."""

    def __init__(self, database: Database, ceremonies: Ceremonies) -> None:
        self._database = database
        self._ceremonies = ceremonies

    @property
    def are_available(self) -> bool:
        """Whether browsers have passkeys for the address of this service."""
        return self._ceremonies.are_available

    def for_sign_in(self) -> Options | None:
        """For somebody who may be anybody."""
        return self._ceremonies.assertion_options(Purpose.SIGN_IN) if self.are_available else None

    async def for_user(self, purpose: Purpose, user_id: UUID) -> Options | None:
        """For this user alone: the browser offers no passkey of another account."""
        if not self.are_available:
            return None
        async with self._database.begin() as db:
            of_user = await repository.list_passkeys(db, user_id)
        return self._ceremonies.assertion_options(purpose, user_id, of_user) if of_user else None
