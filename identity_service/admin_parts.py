"""The long-lived objects of the administration."""

from identity_service.audit.export import AuditExport
from identity_service.audit.reading import AuditReading
from identity_service.events.streams import Streams
from identity_service.recording.job_retries import JobRetries
from identity_service.recording.stream_administration import StreamAdministration
from identity_service.registry.client_deletion import ClientDeletion
from identity_service.registry.clients import ClientRegistry
from identity_service.registry.services import ServiceRegistry
from identity_service.roles.changes import RoleChanges
from identity_service.services.permissions import Permissions
from watchword.database.database import Database
from watchword.jobs import JobRecords, Jobs
from watchword.jobs.listing import JobList


class AdminParts:
    """The use cases that only administrators have."""

    def __init__(
        self,
        database: Database,
        issuer: str,
        role_changes: RoleChanges,
        *,
        jobs: Jobs,
        streams: Streams,
        client_deletion: ClientDeletion,
    ) -> None:
        self.permissions = Permissions(database)
        self.audit = AuditReading(database)
        self.audit_export = AuditExport(database)
        self.jobs = JobList(database, jobs)
        self.job_retries = JobRetries(JobRecords(database, jobs))
        self.streams = StreamAdministration(database, streams)
        self.services = ServiceRegistry(database, issuer, role_changes)
        self.clients = ClientRegistry(database)
        self.client_deletion = client_deletion
