"""Every table of this service, and the migrations that make them."""

from identity_service.audit.models import AuditEntry
from identity_service.authorization_codes.models import AuthorizationCode
from identity_service.clients.models import ClientRow
from identity_service.consents.models import Consent
from identity_service.device_grants.models import DeviceGrant
from identity_service.events.models import Stream
from identity_service.factors.models import Passkey
from identity_service.half_open_sign_ins.models import HalfOpenSignIn
from identity_service.keys.models import SigningKey
from identity_service.links.models import Link
from identity_service.refused_sign_ins.models import RefusedSignIn
from identity_service.roles.models import Role
from identity_service.services.models import Service
from identity_service.sessions.models import Session
from identity_service.sign_ons.models import SignOn
from identity_service.tables import Base
from identity_service.users.models import User
from watchword.database.migrations import Migrations

# Every module with tables is named here, so that the metadata that the migrations are compared with is complete.
TABLES = (
    AuditEntry,
    AuthorizationCode,
    ClientRow,
    Consent,
    DeviceGrant,
    HalfOpenSignIn,
    Link,
    Passkey,
    RefusedSignIn,
    Role,
    Service,
    Session,
    SignOn,
    SigningKey,
    Stream,
    User,
)
MIGRATIONS = Migrations("identity_service", "identity", Base.metadata)
