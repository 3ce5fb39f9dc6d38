"""The long-lived objects of the administration."""

from identity_service.audit.export import AuditExport
from identity_service.audit.reading import AuditReading
from identity_service.events.sealed_authorizations import SealedAuthorizations
from identity_service.events.streams import Streams
from identity_service.factors.models import TotpEnrolment, TotpFactor
from identity_service.factors.sealed_secrets import SealedSecrets
from identity_service.ground_parts import Ground
from identity_service.key_acts.rotation import KeyRotation
from identity_service.key_acts.sealing_anew import SealingAnew
from identity_service.key_acts.withdrawal import KeyWithdrawal
from identity_service.keys.views import KeyViews
from identity_service.letters.sealed_letters import SealedLetters
from identity_service.recording.job_retries import JobRetries
from identity_service.recording.stream_administration import StreamAdministration
from identity_service.registry.client_deletion import ClientDeletion
from identity_service.registry.clients import ClientRegistry
from identity_service.registry.services import ServiceRegistry
from identity_service.roles.changes import RoleChanges
from identity_service.services.permissions import Permissions
from identity_service.tables import JOBS
from watchword.jobs import JobRecords
from watchword.jobs.listing import JobList

SEALED_ROWS = (
    SealedAuthorizations(),
    # In this order: an app that is confirmed meanwhile goes from the one to the other.
    SealedSecrets(TotpEnrolment),
    SealedSecrets(TotpFactor),
    SealedLetters(JOBS),
)
"""What tables hold that is sealed, beside the keys."""


class AdminParts:
    """The use cases that only administrators have."""

    def __init__(self, ground: Ground, role_changes: RoleChanges, streams: Streams) -> None:
        database, recorder, clock = ground.database, ground.recorder, ground.clock
        self.permissions = Permissions(database)
        self.audit = AuditReading(database)
        self.audit_export = AuditExport(database)
        self.jobs = JobList(database, ground.jobs)
        self.job_retries = JobRetries(JobRecords(database, ground.jobs))
        self.streams = StreamAdministration(database, streams)
        self.services = ServiceRegistry(database, ground.settings.issuer, role_changes)
        self.clients = ClientRegistry(database)
        self.client_deletion = ClientDeletion(database, recorder, clock)
        self.key_rotation = KeyRotation(ground.signing_keys)
        self.key_withdrawal = KeyWithdrawal(database, ground.signing_keys, recorder, clock)
        self.key_views = KeyViews(database, ground.sealer, clock)
        self.sealing_anew = SealingAnew(database, ground.sealer, SEALED_ROWS, clock)
