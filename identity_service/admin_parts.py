"""The long-lived objects of the administration."""

from identity_service.audit.export import AuditExport
from identity_service.audit.reading import AuditReading
from identity_service.services.permissions import Permissions
from identity_service.sessions.liveness import LiveSessions
from watchword.database.database import Database


class AdminParts:
    """The use cases that only administrators have."""

    def __init__(self, database: Database, live_sessions: LiveSessions) -> None:
        self.permissions = Permissions(database)
        self.audit = AuditReading(database)
        self.audit_export = AuditExport(database, live_sessions.ensure_live)
