"""The long-lived objects of the administration."""

from identity_service.services.permissions import Permissions
from watchword.database.database import Database


class AdminParts:
    """The use cases that only administrators have."""

    def __init__(self, database: Database) -> None:
        self.permissions = Permissions(database)
