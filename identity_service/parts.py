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
from identity_service.audit.erasure import AUDIT_ERASURE, AuditErasure
from identity_service.authentication.breach_checks import BreachChecks
from identity_service.authentication.copied_passkeys import CopiedPasskeys
from identity_service.authentication.device_cookie import DeviceCookie
from identity_service.authentication.device_sign_in import DeviceSignIn
from identity_service.authentication.half_open import HalfOpenSignIns
from identity_service.authentication.known_devices import KnownDevices
from identity_service.authentication.passkey_prompts import PasskeyPrompts
from identity_service.authentication.passkey_second_factor import PasskeySecondFactor
from identity_service.authentication.passkey_sign_on import PasskeySignOn
from identity_service.authentication.password import PasswordAuthentication, SignIn
from identity_service.authentication.second_factor import SecondFactor
from identity_service.authentication.sign_on import PasswordSignOn
from identity_service.authentication.sign_on_cookie import HalfOpenCookie, SignOnCookie
from identity_service.authentication.sign_on_start import SignOnStart
from identity_service.authorization_codes.service import AuthorizationCodes
from identity_service.cleanup import EXPIRED
from identity_service.clients.service import Clients
from identity_service.clients.uses import ClientUses
from identity_service.consents.service import Consents
from identity_service.device_grants.service import DeviceGrants
from identity_service.events.canary import Canary
from identity_service.events.delivery_choice import DeliveryChoice
from identity_service.events.obedience_wait import ObedienceWait
from identity_service.events.poll import PollDelivery
from identity_service.events.push import Pusher
from identity_service.events.replay import Replay
from identity_service.events.sealed_authorizations import SealedAuthorizations
from identity_service.events.security_event_tokens import SetMinter
from identity_service.events.streams import Streams
from identity_service.events.topics import Topics
from identity_service.events.upkeep import Upkeep
from identity_service.events.views import StreamViews
from identity_service.factor_acts.apps import AppActs
from identity_service.factor_acts.changes import FactorChanges
from identity_service.factor_acts.listing import FactorList
from identity_service.factor_acts.passkey_acts import PasskeyActs
from identity_service.factor_acts.recovery import FactorRecovery
from identity_service.factors.ceremonies import Ceremonies
from identity_service.factors.codes import FactorCodes
from identity_service.factors.models import TotpEnrolment, TotpFactor
from identity_service.factors.sealed_secrets import SealedSecrets
from identity_service.key_acts.rotation import KeyRotation
from identity_service.key_acts.sealing_anew import SealingAnew
from identity_service.key_acts.withdrawal import KeyWithdrawal
from identity_service.keys.digests import DigestKeys
from identity_service.keys.keyring import Keyring
from identity_service.keys.service import SigningKeys
from identity_service.keys.views import KeyViews
from identity_service.letters import LETTER, Letters
from identity_service.letters.parts import LetterParts
from identity_service.letters.sealed_letters import SealedLetters
from identity_service.limits import Limits
from identity_service.logouts.delivery import LogoutDelivery
from identity_service.logouts.enqueueing import LOGOUT, Logouts
from identity_service.logouts.minting import LogoutTokenMinter
from identity_service.oauth.device_authorization import DeviceAuthorization
from identity_service.oauth.endpoints import OAuthEndpoints
from identity_service.oauth.logout import Logout
from identity_service.oauth_parts import CodeFlow
from identity_service.obedience.service import Obedience
from identity_service.outbound.addresses import OutboundAddresses
from identity_service.pages.admin.rendering import AdminPages
from identity_service.pages.admin.sealed_query import SealedQuery
from identity_service.pages.consent import ConsentPage
from identity_service.pages.logout import SignOut
from identity_service.pages.passkey_sign_in import PasskeySignInPage
from identity_service.pages.rendering import Pages
from identity_service.pages.second_factor import SecondFactorPage
from identity_service.pages.sign_in import SignInPage
from identity_service.pages.sign_in_view import SignInView
from identity_service.pages.stronger import StrongerPage
from identity_service.pages.theme import Theme
from identity_service.realm.service import Realm
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.recorder import Recorder
from identity_service.refused_sign_ins.service import RefusedSignIns
from identity_service.registry.client_deletion import ClientDeletion
from identity_service.roles.admission import Admission
from identity_service.roles.changes import RoleChanges
from identity_service.roles.service import Roles
from identity_service.services.service import Services
from identity_service.sessions.continuation import SessionContinuation
from identity_service.sessions.directory import SessionDirectory
from identity_service.sessions.liveness import LiveSessions
from identity_service.sessions.new_device_letters import NewDeviceLetters
from identity_service.sessions.rotation import Rotation
from identity_service.sessions.service import Sessions
from identity_service.sessions.sign_ons import SignOns
from identity_service.sessions.start import SessionStart
from identity_service.setting_parts import breached_passwords_of, lifetimes_of, passwords_of, schedule_of, sealer_of
from identity_service.settings import Settings
from identity_service.tables import ALLOWANCES, JOBS
from identity_service.tokens.minting import TokenMinter
from identity_service.tokens.reading import TokenReader
from identity_service.userinfo.service import UserInfo
from identity_service.users.stand_ins import StandIns
from identity_service.users.usernames import Usernames
from watchword.auth import Verifier
from watchword.clock import Clock, SystemClock
from watchword.database.database import Database
from watchword.database.notifications import Listener
from watchword.jobs import JobKind, JobRecords, Jobs, JobWorker
from watchword.jobs.cleanup import CLEANUP, Cleanup
from watchword.limits import Limiter

SEALED_ROWS = (
    SealedAuthorizations(),
    # In this order: an app that is confirmed meanwhile goes from the one to the other.
    SealedSecrets(TotpEnrolment),
    SealedSecrets(TotpFactor),
    SealedLetters(JOBS),
)
"""What tables hold that is sealed, beside the keys."""

JOBS_AT_ONCE = 18
"""How many jobs a process does at a time: more than the letters and the logout tokens that it may send at once, whose
mail server and clients may be slow."""


class Parts:
    """The objects of one process, each built from those above it. Nothing connects or starts yet."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        issuer = settings.issuer
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database_url, size=settings.database_pool_size)
        self.jobs = Jobs(JOBS, channel.CHANNEL, channel.JOBS)
        self._add_keys()
        self.limits = Limits(Limiter(settings.database_url, ALLOWANCES, self.digests.of), settings)
        self._add_letters()
        addresses = OutboundAddresses(settings.push_networks)
        self._add_events(addresses)

        # Use cases.
        self.client_uses = ClientUses(self.database, clock)
        self.clients = Clients(self.database, self.client_uses)
        self.logout_delivery = LogoutDelivery(self.clients, LogoutTokenMinter(issuer, self.keyring, clock), addresses)
        self.services = Services(self.database)
        self._add_sessions()
        self._add_passwords()
        self._add_sign_ons()
        self._add_device_grants()
        self._add_code_flow()
        self._add_accounts()
        self._add_administration()
        self._add_pages()

        # The work that is done after the change that caused it has been committed.
        self.cleanup = Cleanup(self.database, self.jobs, clock, EXPIRED)
        self.job_records = JobRecords(self.database, self.jobs)
        self.job_worker = JobWorker(self.database, self.jobs, self._job_kinds(), at_once=JOBS_AT_ONCE)

        self.oauth = self._oauth(self.sign_in if settings.password_grant else None)

    def _add_administration(self) -> None:
        """What administrators do, over HTTP and by commands."""
        database, recorder, clock = self.database, self.recorder, self.clock
        role_changes = RoleChanges(recorder, clock)
        self.roles = Roles(database, role_changes)
        self.realm = Realm(database, self.settings.issuer, role_changes)
        self.key_rotation = KeyRotation(self.signing_keys)
        self.key_withdrawal = KeyWithdrawal(database, self.signing_keys, recorder, clock)
        self.key_views = KeyViews(database, self.sealer, clock)
        self.sealing_anew = SealingAnew(database, self.sealer, SEALED_ROWS, clock)
        self.admin = AdminParts(
            database,
            self.settings.issuer,
            role_changes,
            client_deletion=ClientDeletion(database, recorder, clock),
            jobs=self.jobs,
            streams=self.streams,
        )

    def on_notification(self, payload: str) -> None:
        """Look at what another process has changed."""
        if payload == channel.KEYS:
            self.keyring.read_soon()
        elif payload == channel.JOBS:
            self.job_worker.wake()
        else:
            self.topics.publish(payload)

    async def catch_up(self) -> None:
        """Look at everything, since notifications may have been lost."""
        self.keyring.read_soon()
        self.job_worker.wake()
        self.topics.publish()

    def on_shutdown(self) -> None:
        """End what waits, and begin nothing."""
        self.topics.close()
        self.job_worker.stop()

    def _add_keys(self) -> None:
        """The keys, and what they sign and verify."""
        issuer = self.settings.issuer
        self.lifetimes = lifetimes_of(self.settings)
        self.schedule = schedule_of(self.settings, self.lifetimes)
        self.sealer = sealer_of(self.settings)
        self.digest_keys = DigestKeys(self.database, self.sealer, self.clock)
        self.digests = self.digest_keys.digests
        self.factor_codes = FactorCodes(self.sealer, self.digests)
        self.signing_keys = SigningKeys(self.database, self.sealer, self.schedule, self.clock)
        self.keyring = Keyring(self.signing_keys, self.sealer, self.schedule, self.clock)
        self.verifier = Verifier(issuer=issuer, audience=issuer, keys=self.keyring, clock=self.clock)
        self.tokens = TokenMinter(issuer, self.keyring, self.lifetimes.access, self.clock)
        self.token_reader = TokenReader(issuer, self.keyring, self.clock)

    def _add_letters(self) -> None:
        """What writes letters, and what sends them."""
        database, clock = self.database, self.clock
        self.letter_parts = LetterParts(self.settings, database, self.sealer, clock)
        self.letters = Letters(self.jobs, self.sealer, can_send=self.letter_parts.delivery is not None)
        self.account_letters = AccountLetters(self.letters)
        self.new_device_letters = NewDeviceLetters(database, self.account_letters, self.limits, clock)

    def _add_events(self, addresses: OutboundAddresses) -> None:
        """What records changes, and the transmitter, which tells services of them."""
        database, clock, issuer = self.database, self.clock, self.settings.issuer
        self.audit_erasure = AuditErasure(database, self.jobs)
        self.recorder = Recorder(issuer, Logouts(self.jobs), self.audit_erasure)
        self.factor_changes = FactorChanges(self.recorder, self.account_letters, self.factor_codes)
        self.topics = topics = Topics()
        self.listener = Listener(database.dsn, channel.CHANNEL, self.on_notification, self.catch_up)
        self.obedience_wait = ObedienceWait(database, topics)
        self.obedience = Obedience(database, self.obedience_wait)
        minter = SetMinter(issuer, self.keyring)
        self.replay = replay = Replay(database, issuer, self.lifetimes.access)
        delivery = DeliveryChoice(self.sealer, addresses)
        self.streams = Streams(database, delivery, replay, StreamViews(issuer), clock)
        self.poll_delivery = PollDelivery(database, minter, topics, clock, self.settings.long_poll_seconds)
        self.pusher = Pusher(database, minter, self.sealer, topics, clock, addresses=addresses)
        self.canary = Canary(database, issuer, clock)
        self.upkeep = Upkeep(database, replay)

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
        self.session_continuation = SessionContinuation(lifetimes, clock, ensure_mintable)
        self.rotation = Rotation(database, recorder, lifetimes, clock, ensure_mintable=ensure_mintable)
        self.sessions = Sessions(database, recorder, clock)
        self.session_directory = SessionDirectory(database, clock)
        self.live_sessions = LiveSessions(database, clock)

    def _add_passwords(self) -> None:
        """What hashes and verifies passwords, and the sign-in with one."""
        database, clock = self.database, self.clock
        breached = breached_passwords_of(self.settings)
        self.passwords = passwords_of(self.settings, breached)
        self.breach_checks = BreachChecks(database, breached, self.account_letters, clock)
        self.refused_sign_ins = RefusedSignIns(database, self.digests, clock)
        self.password_authentication = PasswordAuthentication(
            database, self.passwords, self.limits, self.refused_sign_ins, clock, breach_checks=self.breach_checks
        )
        self.sign_in = SignIn(self.password_authentication, self.session_start)

    def _add_sign_ons(self) -> None:
        database, recorder, lifetimes, clock = self.database, self.recorder, self.lifetimes.sign_on, self.clock
        per_user, letters = self.settings.sessions_per_account, self.new_device_letters
        start = SignOnStart(database, recorder, lifetimes, clock, per_user=per_user, new_device_letters=letters)
        self.sign_ons = SignOns(database, recorder, lifetimes, clock)
        self.half_open_sign_ins = HalfOpenSignIns(database, clock)
        self.password_sign_on = PasswordSignOn(self.password_authentication, start, self.half_open_sign_ins)
        self.second_factor = SecondFactor(
            database,
            self.half_open_sign_ins,
            start,
            self.factor_codes,
            clock,
            recorder=recorder,
            limits=self.limits,
            account_letters=self.account_letters,
            letters=letters,
            refused_sign_ins=self.refused_sign_ins,
        )
        self._add_passkeys(start)

    def _add_passkeys(self, start: SignOnStart) -> None:
        database, clock, limits = self.database, self.clock, self.limits
        self.ceremonies = ceremonies = Ceremonies(self.settings.issuer, self.digests, clock)
        self.passkey_acts = PasskeyActs(database, ceremonies, self.factor_changes, clock)
        self.passkey_prompts = prompts = PasskeyPrompts(database, ceremonies)
        copied = CopiedPasskeys(self.recorder, self.account_letters, limits)
        self.passkey_second_factor = PasskeySecondFactor(self.second_factor, ceremonies, prompts, copied, limits)
        self.passkey_sign_on = PasskeySignOn(
            database,
            ceremonies,
            start,
            copied,
            clock,
            limits=limits,
            letters=self.new_device_letters,
            refused_sign_ins=self.refused_sign_ins,
        )

    def _add_device_grants(self) -> None:
        database, recorder, clock = self.database, self.recorder, self.clock
        digest = partial(self.digests.of, "user codes")
        self.device_grants = DeviceGrants(database, self.services, recorder, self.limits, clock, digest=digest)
        self.device_sign_in = DeviceSignIn(database, self.session_start, recorder, self.new_device_letters, clock)

    def _add_code_flow(self) -> None:
        issuer, clock = self.settings.issuer, self.clock
        self.consents = Consents(self.database, self.recorder, clock)
        codes = AuthorizationCodes(self.database, self.session_start, self.session_continuation, self.recorder, clock)
        self.code_flow = CodeFlow(
            issuer, self.clients, self.consents, codes, self.limits, reader=self.token_reader, clock=clock
        )
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
        self._add_factors()
        self._add_changes_of_passwords()
        self._add_changes_of_addresses(stand_ins)

    def _add_factors(self) -> None:
        """What people do with the second factors of their accounts."""
        collaborators = self.factor_codes, self.factor_changes, self.clock
        self.app_acts = AppActs(self.database, self.settings.issuer, *collaborators)
        self.factor_recovery = FactorRecovery(self.database, *collaborators)
        self.factor_list = FactorList(self.database)

    def _add_changes_of_passwords(self) -> None:
        collaborators = self.database, self.passwords, self.recorder, self.account_letters, self.clock
        self.password_changes = PasswordChanges(*collaborators, limits=self.limits)
        self.initial_passwords = InitialPasswords(*collaborators)
        self.password_resets = PasswordResets(*collaborators, factor_changes=self.factor_changes, limits=self.limits)

    def _add_changes_of_addresses(self, stand_ins: StandIns) -> None:
        """What verifies e-mail addresses and changes them, and what undoes the acts of somebody else."""
        database, recorder, letters, clock = self.database, self.recorder, self.account_letters, self.clock
        collaborators = database, PasswordProof(self.passwords, self.limits), recorder, letters, clock
        self.verifications = Verifications(*collaborators, limits=self.limits)
        self.address_changes = AddressChanges(*collaborators, stand_ins=stand_ins, limits=self.limits)
        withdrawal = Withdrawal(self.passwords, recorder, letters, clock, factor_changes=self.factor_changes)
        self.address_undo = AddressUndo(database, withdrawal, recorder, clock, stand_ins=stand_ins)
        self.security_notices = SecurityNotices(database, withdrawal, clock)

    def _add_pages(self) -> None:
        self.pages = Pages(self.settings.issuer, Theme(self.settings.pages_folder))
        self.admin_pages = AdminPages(self.pages)
        self.sealed_query = SealedQuery(self.sealer, self.clock)
        self.admission = Admission(self.database)
        self.sign_on_cookie = SignOnCookie(self.settings.issuer)
        half_open_cookie = HalfOpenCookie(self.settings.issuer)
        logout = Logout(self.clients, self.token_reader, self.sessions, self.sign_ons)
        self.sign_out = SignOut(self.pages, logout, self.sign_ons, self.sign_on_cookie)
        self.device_cookie = DeviceCookie.of(self.settings.issuer, KnownDevices(self.sealer, self.digests, self.clock))
        view = SignInView(self.pages, self.code_flow.requests, self.passkey_prompts)
        self.passkey_sign_in_page = PasskeySignInPage(
            view, self.sign_ons, self.passkey_sign_on, cookie=self.sign_on_cookie, device_cookie=self.device_cookie
        )
        self.sign_in_page = SignInPage(
            view,
            self.sign_ons,
            self.password_sign_on,
            self.clock,
            accounts=self.accounts,
            cookie=self.sign_on_cookie,
            half_open_cookie=half_open_cookie,
            device_cookie=self.device_cookie,
        )
        self.second_factor_page = SecondFactorPage(
            self.pages,
            self.half_open_sign_ins,
            self.second_factor,
            self.passkey_second_factor,
            self.code_flow.requests,
            cookie=half_open_cookie,
            sign_on_cookie=self.sign_on_cookie,
            device_cookie=self.device_cookie,
        )
        flow = self.code_flow
        self.stronger_page = StrongerPage(
            self.pages, flow.requests, flow.answers, self.factor_list, self.passkey_prompts, clock=self.clock
        )
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

    def _oauth(self, sign_in: SignIn | None) -> OAuthEndpoints:
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
            device_authorization=DeviceAuthorization(self.clients, self.device_grants, self.settings.issuer),
            device_sign_in=self.device_sign_in,
        )


def assemble(settings: Settings, clock: Clock | None = None) -> Parts:
    """Build everything; a test may give its own clock."""
    return Parts(settings, clock or SystemClock())
