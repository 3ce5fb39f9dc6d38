"""The long-lived objects of one process, and the only place where they are built."""

from functools import partial

from identity_service import channel
from identity_service.accounts.access import Access
from identity_service.accounts.address_change import AddressChanges
from identity_service.accounts.address_undo import AddressUndo
from identity_service.accounts.deletions import Erasures
from identity_service.accounts.directory import AccountDirectory
from identity_service.accounts.importing import Imports
from identity_service.accounts.initial_passwords import InitialPasswords
from identity_service.accounts.password_change import PasswordChanges
from identity_service.accounts.password_proof import PasswordProof
from identity_service.accounts.password_reset import PasswordResets
from identity_service.accounts.registration import Registrations
from identity_service.accounts.security_notices import SecurityNotices
from identity_service.accounts.service import Accounts
from identity_service.accounts.signed_in_devices import SignedInDevices
from identity_service.accounts.verification import Verifications
from identity_service.accounts.withdrawal import Withdrawal
from identity_service.admin_parts import AdminParts
from identity_service.audit.erasure import AUDIT_ERASURE
from identity_service.authentication.password import SignIn
from identity_service.authentication.sign_on_cookie import SignOnCookie
from identity_service.authentication_parts import AuthenticationParts
from identity_service.cleanup import EXPIRED
from identity_service.clients.service import Clients
from identity_service.clients.uses import ClientUses
from identity_service.consents.service import Consents
from identity_service.factor_parts import FactorParts
from identity_service.ground_parts import Ground
from identity_service.letters import LETTER
from identity_service.logouts.delivery import LogoutDelivery
from identity_service.logouts.enqueueing import LOGOUT
from identity_service.logouts.minting import LogoutTokenMinter
from identity_service.oauth.endpoints import OAuthEndpoints
from identity_service.oauth.logout import Logout
from identity_service.oauth_parts import CodeFlow, DeviceFlow
from identity_service.obedience.service import Obedience
from identity_service.pages.admin.rendering import AdminPages
from identity_service.pages.admin.sealed_query import SealedQuery
from identity_service.pages.consent import ConsentPage
from identity_service.pages.logout import SignOut
from identity_service.pages.rendering import Pages
from identity_service.pages.theme import Theme
from identity_service.realm.service import Realm
from identity_service.roles.admission import Admission
from identity_service.roles.changes import RoleChanges
from identity_service.roles.service import Roles
from identity_service.services.service import Services
from identity_service.sessions.directory import SessionDirectory
from identity_service.sessions.liveness import LiveSessions
from identity_service.sessions.rotation import Rotation
from identity_service.sessions.service import Sessions
from identity_service.sessions.sign_ons import SignOns
from identity_service.sessions.start import SessionStart
from identity_service.settings import Settings
from identity_service.sign_in_page_parts import SignInPages
from identity_service.transmitter_parts import TransmitterParts
from identity_service.userinfo.service import UserInfo
from identity_service.users.stand_ins import StandIns
from identity_service.users.usernames import Usernames
from watchword.clock import Clock, SystemClock
from watchword.database.notifications import Listener
from watchword.jobs import JobKind, JobRecords, JobWorker
from watchword.jobs.cleanup import CLEANUP, Cleanup

JOBS_AT_ONCE = 18
"""How many jobs a process does at a time: more than the letters and the logout tokens that it may send at once, whose
mail server and clients may be slow."""


class Parts(Ground):
    """The objects of one process, each built from those above it. Nothing connects or starts yet."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self.listener = Listener(self.database.dsn, channel.CHANNEL, self.on_notification, self.catch_up)
        self.transmitter = TransmitterParts(self)
        self.obedience = Obedience(self.database, self.transmitter.obedience_wait)

        # Use cases.
        self.client_uses = ClientUses(self.database, clock)
        self.clients = Clients(self.database, self.client_uses)
        logout_tokens = LogoutTokenMinter(settings.issuer, self.keyring, clock)
        self.logout_delivery = LogoutDelivery(self.clients, logout_tokens, self.outbound_addresses)
        self.services = Services(self.database)
        self.factors = FactorParts(self)
        self.authentication = AuthenticationParts(self, self.factors)
        self._add_sessions()
        self._add_flows()
        self._add_accounts()
        self._add_administration()
        self._add_pages()

        # The work that is done after the change that caused it has been committed.
        self.cleanup = Cleanup(self.database, self.jobs, clock, EXPIRED)
        self.job_records = JobRecords(self.database, self.jobs)
        self.job_worker = JobWorker(self.database, self.jobs, self._job_kinds(), at_once=JOBS_AT_ONCE)

        self.oauth = self._oauth()

    def _add_administration(self) -> None:
        """What administrators do, over HTTP and by commands."""
        role_changes = RoleChanges(self.recorder, self.clock)
        self.roles = Roles(self.database, role_changes)
        self.realm = Realm(self.database, self.settings.issuer, role_changes)
        self.admin = AdminParts(self, role_changes, self.transmitter.streams)

    def on_notification(self, payload: str) -> None:
        """Look at what another process has changed."""
        if payload == channel.KEYS:
            self.keyring.read_soon()
        elif payload == channel.JOBS:
            self.job_worker.wake()
        else:
            self.transmitter.topics.publish(payload)

    async def catch_up(self) -> None:
        """Look at everything, since notifications may have been lost."""
        self.keyring.read_soon()
        self.job_worker.wake()
        self.transmitter.topics.publish()

    def on_shutdown(self) -> None:
        """End what waits, and begin nothing."""
        self.transmitter.topics.close()
        self.job_worker.stop()

    def _add_sessions(self) -> None:
        database, recorder, lifetimes, clock = self.database, self.recorder, self.lifetimes, self.clock
        ensure_mintable, per_user = self.tokens.ensure_mintable, self.settings.sessions_per_account
        self.session_start = SessionStart(
            database,
            recorder,
            lifetimes,
            clock,
            per_user=per_user,
            ensure_mintable=ensure_mintable,
            new_device_letters=self.new_device_letters,
        )
        self.rotation = Rotation(database, recorder, lifetimes, clock, ensure_mintable=ensure_mintable)
        self.sign_ons = SignOns(database, recorder, lifetimes.sign_on, clock)
        self.sessions = Sessions(database, recorder, clock)
        self.session_directory = SessionDirectory(database, clock)
        self.live_sessions = LiveSessions(database, clock)

    def _add_flows(self) -> None:
        """The two ways in which an application gets the tokens of a person who is asked at identity."""
        self.consents = Consents(self.database, self.recorder, self.clock)
        self.code_flow = CodeFlow(self, self.clients, self.consents, self.session_start)
        self.device_flow = DeviceFlow(self, self.clients, self.services, self.session_start)
        self.user_info = UserInfo(self.database)

    def _add_accounts(self) -> None:
        database, recorder, clock, settings = self.database, self.recorder, self.clock, self.settings
        usernames = Usernames(partial(self.digests.of, "usernames"), settings.reserved_usernames)
        stand_ins = StandIns(partial(self.digests.of, "addresses"))
        self.registrations = Registrations(
            database,
            self.passwords,
            usernames,
            self.account_letters,
            clock,
            stand_ins=stand_ins,
            limits=self.limits,
            must_verify=settings.email_verification == "required",
        )
        self.imports = Imports(database, clock, stand_ins=stand_ins)
        self.accounts = Accounts(database, recorder, clock, usernames)
        self.access = Access(database, recorder, clock)
        self.directory = AccountDirectory(database)
        self.erasures = Erasures(database)
        self.signed_in_devices = SignedInDevices(database, recorder, clock)
        self._add_changes_of_passwords()
        self._add_changes_of_addresses(stand_ins)

    def _add_changes_of_passwords(self) -> None:
        collaborators = self.database, self.passwords, self.recorder, self.account_letters, self.clock
        self.password_changes = PasswordChanges(*collaborators, limits=self.limits)
        self.initial_passwords = InitialPasswords(*collaborators)
        self.password_resets = PasswordResets(*collaborators, factor_changes=self.factors.changes, limits=self.limits)

    def _add_changes_of_addresses(self, stand_ins: StandIns) -> None:
        """What verifies e-mail addresses and changes them, and what undoes the acts of somebody else."""
        database, recorder, letters, clock = self.database, self.recorder, self.account_letters, self.clock
        collaborators = database, PasswordProof(self.passwords, self.limits), recorder, letters, clock
        self.verifications = Verifications(*collaborators, limits=self.limits)
        self.address_changes = AddressChanges(*collaborators, stand_ins=stand_ins, limits=self.limits)
        withdrawal = Withdrawal(self.passwords, recorder, letters, clock, factor_changes=self.factors.changes)
        self.address_undo = AddressUndo(database, withdrawal, recorder, clock, stand_ins=stand_ins)
        self.security_notices = SecurityNotices(database, withdrawal, clock)

    def _add_pages(self) -> None:
        self.pages = Pages(self.settings.issuer, Theme(self.settings.pages_folder))
        self.admin_pages = AdminPages(self.pages)
        self.sealed_query = SealedQuery(self.sealer, self.clock)
        self.admission = Admission(self.database)
        self.sign_on_cookie = SignOnCookie(self.settings.issuer)
        logout = Logout(self.clients, self.token_reader, self.sessions, self.sign_ons)
        self.sign_out = SignOut(self.pages, logout, self.sign_ons, self.sign_on_cookie)
        self.sign_in_pages = SignInPages(
            self,
            self.pages,
            self.authentication,
            self.factors,
            self.code_flow,
            accounts=self.accounts,
            sign_ons=self.sign_ons,
            cookie=self.sign_on_cookie,
        )
        flow = self.code_flow
        self.consent_page = ConsentPage(self.pages, flow.requests, flow.answers, self.consents, self.services)

    def _job_kinds(self) -> dict[str, JobKind]:
        """How each kind of job is done."""
        kinds = {
            CLEANUP: self.cleanup.job_kind(),
            LOGOUT: self.logout_delivery.job_kind(),
            AUDIT_ERASURE: self.audit_erasure.job_kind(),
        }
        delivery = self.letter_parts.delivery
        return kinds if delivery is None else {**kinds, LETTER: delivery.job_kind()}

    def _oauth(self) -> OAuthEndpoints:
        sign_in = SignIn(self.authentication.password, self.session_start) if self.settings.password_grant else None
        return OAuthEndpoints(
            self.clients,
            self.services,
            self.sessions,
            self.token_reader,
            self.tokens,
            rotation=self.rotation,
            live_sessions=self.live_sessions,
            codes=self.code_flow.codes,
            sign_in=sign_in,
            device_authorization=self.device_flow.authorization,
            device_sign_in=self.device_flow.sign_in,
        )


def assemble(settings: Settings, clock: Clock | None = None) -> Parts:
    """Build everything; a test may give its own clock."""
    return Parts(settings, clock or SystemClock())
