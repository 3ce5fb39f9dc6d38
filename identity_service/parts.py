"""The long-lived objects of one process, and the only place where they are built."""

from dataclasses import dataclass
from datetime import timedelta

from identity_service.accounts.service import Accounts
from identity_service.audit.models import AuditEntry
from identity_service.authentication.browser import BrowserSignIn
from identity_service.authentication.cookie import RefreshCookie
from identity_service.authentication.password import SignIn
from identity_service.clients.models import Client
from identity_service.clients.service import Clients
from identity_service.events.models import Stream
from identity_service.events.poll import SetMinter
from identity_service.events.push import Pusher
from identity_service.events.repository import CHANNEL
from identity_service.keys.keyring import Keyring
from identity_service.keys.sealing import Sealer
from identity_service.keys.service import Schedule
from identity_service.oauth.grants import Grant
from identity_service.oauth.grants.client_credentials import ClientCredentialsGrant
from identity_service.oauth.grants.password import PasswordGrant
from identity_service.oauth.grants.refresh_token import RefreshTokenGrant
from identity_service.oauth.introspection import Introspection
from identity_service.oauth.revocation import Revocation
from identity_service.oauth.token_endpoint import TokenEndpoint
from identity_service.recording.recorder import Recorder
from identity_service.roles.models import Role
from identity_service.sessions.models import Session
from identity_service.sessions.service import Sessions
from identity_service.sessions.values import Lifetimes
from identity_service.settings import Settings
from identity_service.tables import Base
from identity_service.tokens.minting import TokenMinter
from identity_service.tokens.reading import TokenReader
from identity_service.users.models import User
from identity_service.users.passwords import Passwords
from watchword.auth import Verifier
from watchword.clock import Clock, SystemClock
from watchword.database.database import Database
from watchword.database.migrations import Migrations
from watchword.database.notifications import Doorbell, Listener

# Every module with tables is named here, so that the metadata that the migrations are compared with is complete.
TABLES = (AuditEntry, Client, Role, Session, Stream, User)
MIGRATIONS = Migrations("identity_service", "identity", Base.metadata)


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    clock: Clock
    database: Database
    # Keys, and the tokens that they sign.
    sealer: Sealer
    schedule: Schedule
    keyring: Keyring
    verifier: Verifier
    tokens: TokenMinter
    # Use cases.
    lifetimes: Lifetimes
    passwords: Passwords
    clients: Clients
    sessions: Sessions
    sign_in: SignIn
    browser_sign_in: BrowserSignIn
    cookie: RefreshCookie
    accounts: Accounts
    # The OAuth endpoints.
    token_endpoint: TokenEndpoint
    revocation: Revocation
    introspection: Introspection
    # Security events.
    recorder: Recorder
    doorbell: Doorbell
    listener: Listener
    minter: SetMinter
    pusher: Pusher


def assemble(settings: Settings, clock: Clock | None = None) -> Parts:
    """Build everything; nothing connects or starts yet."""
    clock = clock or SystemClock()
    database = Database(settings.database_url, size=settings.database_pool_size)

    lifetimes = _lifetimes(settings)
    sealer = Sealer(settings.key_encryption_key.get_secret_value())
    schedule = _schedule(settings, lifetimes)
    keyring = Keyring(database, sealer, schedule, clock)
    tokens = TokenMinter(settings.issuer, keyring, lifetimes.access, clock)
    reader = TokenReader(settings.issuer, keyring, clock)

    recorder = Recorder(settings.issuer)
    passwords = Passwords(threads=settings.hash_threads, queue=settings.hash_queue, rounds=settings.bcrypt_rounds)
    clients = Clients(database)
    sessions = Sessions(database, recorder, lifetimes, clock)
    sign_in = SignIn(database, passwords, sessions)
    grants: list[Grant] = [RefreshTokenGrant(reader, sessions, tokens), ClientCredentialsGrant(tokens)]
    if settings.password_grant:
        grants.insert(0, PasswordGrant(sign_in, tokens))

    doorbell = Doorbell()
    minter = SetMinter(settings.issuer, keyring)
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        sealer=sealer,
        schedule=schedule,
        keyring=keyring,
        verifier=Verifier(issuer=settings.issuer, audience=settings.issuer, keys=keyring, clock=clock),
        tokens=tokens,
        lifetimes=lifetimes,
        passwords=passwords,
        clients=clients,
        sessions=sessions,
        sign_in=sign_in,
        browser_sign_in=BrowserSignIn(clients, sign_in, sessions, reader, tokens),
        cookie=RefreshCookie.of(settings.issuer, settings.browser_origins),
        accounts=Accounts(database, passwords, recorder, clock),
        token_endpoint=TokenEndpoint(clients, grants),
        revocation=Revocation(clients, reader, sessions),
        introspection=Introspection(clients, reader, sessions),
        recorder=recorder,
        doorbell=doorbell,
        listener=Listener(database.dsn, CHANNEL, doorbell.ring, doorbell.caught_up),
        minter=minter,
        pusher=Pusher(database, minter, sealer, doorbell, clock),
    )


def _lifetimes(settings: Settings) -> Lifetimes:
    return Lifetimes(
        access=timedelta(seconds=settings.access_token_seconds),
        refresh=timedelta(seconds=settings.refresh_token_seconds),
        session=timedelta(seconds=settings.session_seconds),
        retry=timedelta(seconds=settings.refresh_retry_seconds),
    )


def _schedule(settings: Settings, lifetimes: Lifetimes) -> Schedule:
    return Schedule(
        signing=timedelta(seconds=settings.signing_key_seconds),
        jwks_max_age=timedelta(seconds=settings.jwks_max_age_seconds),
        longest_token=max(lifetimes.access, lifetimes.refresh),
        check_seconds=settings.key_check_seconds,
    )
