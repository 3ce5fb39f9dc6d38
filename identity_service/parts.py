"""The long-lived objects of one process, and the only place where they are built."""

from dataclasses import dataclass
from datetime import timedelta

from identity_service.accounts.deletions import Erasures
from identity_service.audit.models import AuditEntry
from identity_service.authentication.cookie import Browser
from identity_service.authentication.password import OUTCOMES
from identity_service.clients.models import Client
from identity_service.events.models import Stream
from identity_service.events.poll import PollDelivery
from identity_service.events.push import Pusher
from identity_service.events.repository import CHANNEL
from identity_service.events.security_event_tokens import SetMinter
from identity_service.events.streams import Streams
from identity_service.events.views import StreamViews
from identity_service.keys.keyring import Keyring
from identity_service.keys.schedule import Schedule
from identity_service.keys.sealing import Sealer
from identity_service.keys.service import SigningKeys
from identity_service.recording.recorder import Recorder
from identity_service.roles.models import Role
from identity_service.sessions.models import Session
from identity_service.sessions.service import Lifetimes
from identity_service.settings import Settings
from identity_service.tables import Base
from identity_service.tokens.minting import TokenMinter
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from watchword.auth import Verifier
from watchword.clock import Clock, SystemClock
from watchword.database.database import Database
from watchword.database.migrations import Migrations
from watchword.database.notifications import Doorbell, Listener

# Every module with tables is named here, so that the metadata is whole wherever the migrations are spoken of.
TABLES = (AuditEntry, Client, Role, Session, Stream, User)
MIGRATIONS = Migrations("identity_service", "identity", Base.metadata)


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    clock: Clock
    database: Database
    passwords: Passwords
    sign_ins: dict[str, int]
    sealer: Sealer
    schedule: Schedule
    signing_keys: SigningKeys
    keyring: Keyring
    verifier: Verifier
    issuer: TokenMinter
    lifetimes: Lifetimes
    recorder: Recorder
    browser: Browser
    doorbell: Doorbell
    listener: Listener
    streams: Streams
    poll_delivery: PollDelivery
    pusher: Pusher
    erasures: Erasures


def assemble(settings: Settings, clock: Clock | None = None) -> Parts:
    """Build everything; nothing connects or starts yet."""
    clock = clock or SystemClock()
    database = Database(settings.database_url, size=settings.database_pool_size)
    sealer = Sealer(settings.key_encryption_key.get_secret_value())
    lifetimes = Lifetimes(
        access=timedelta(seconds=settings.access_token_seconds),
        refresh=timedelta(seconds=settings.refresh_token_seconds),
        session=timedelta(seconds=settings.session_seconds),
        retry=timedelta(seconds=settings.refresh_retry_seconds),
    )
    schedule = Schedule(
        signing=timedelta(seconds=settings.signing_key_seconds),
        jwks_max_age=timedelta(seconds=settings.jwks_max_age_seconds),
        longest_token=max(lifetimes.access, lifetimes.refresh),
        check_seconds=settings.key_check_seconds,
    )
    signing_keys = SigningKeys(database, sealer, schedule, clock)
    keyring = Keyring(signing_keys, sealer, schedule, clock)
    doorbell = Doorbell()
    minter = SetMinter(settings.issuer, keyring)
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        passwords=Passwords(threads=settings.hash_threads, queue=settings.hash_queue, rounds=settings.bcrypt_rounds),
        sign_ins=dict.fromkeys(OUTCOMES, 0),
        sealer=sealer,
        schedule=schedule,
        signing_keys=signing_keys,
        keyring=keyring,
        verifier=Verifier(issuer=settings.issuer, audience=settings.issuer, keys=keyring, clock=clock),
        issuer=TokenMinter(settings.issuer, keyring, lifetimes.access),
        lifetimes=lifetimes,
        recorder=Recorder(settings.issuer, clock),
        browser=Browser.of(settings.issuer, settings.browser_origins),
        doorbell=doorbell,
        listener=Listener(database.dsn, CHANNEL, doorbell.ring, doorbell.caught_up),
        streams=Streams(database, sealer, StreamViews(settings.issuer), clock),
        poll_delivery=PollDelivery(database, minter, doorbell, clock, settings.long_poll_seconds),
        pusher=Pusher(database, minter, sealer, doorbell, clock),
        erasures=Erasures(database),
    )
