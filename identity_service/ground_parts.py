"""The long-lived objects that all others of a process are built on."""

from identity_service import channel
from identity_service.audit.erasure import AuditErasure
from identity_service.keys.digests import DigestKeys
from identity_service.keys.keyring import Keyring
from identity_service.keys.service import SigningKeys
from identity_service.letters import Letters
from identity_service.letters.parts import LetterParts
from identity_service.limits import Limits
from identity_service.logouts.enqueueing import Logouts
from identity_service.outbound.addresses import OutboundAddresses
from identity_service.recording.account_letters import AccountLetters
from identity_service.recording.recorder import Recorder
from identity_service.sessions.new_device_letters import NewDeviceLetters
from identity_service.setting_parts import breached_passwords_of, lifetimes_of, passwords_of, schedule_of, sealer_of
from identity_service.settings import Settings
from identity_service.tables import ALLOWANCES, JOBS
from identity_service.tokens.minting import TokenMinter
from identity_service.tokens.reading import TokenReader
from watchword.auth import Verifier
from watchword.clock import Clock
from watchword.database.database import Database
from watchword.jobs import Jobs
from watchword.limits import Limiter


class Ground:
    """The database, the keys, the limits, the letters, the recorder and the passwords: what a use case takes to do its
    work, whatever it is about."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database_url, size=settings.database_pool_size)
        self.jobs = Jobs(JOBS, channel.CHANNEL, channel.JOBS)
        self.outbound_addresses = OutboundAddresses(settings.push_networks)
        self._add_keys()
        self.limits = Limits(Limiter(settings.database_url, ALLOWANCES, self.digests.of), settings)
        self._add_letters()
        self.audit_erasure = AuditErasure(self.database, self.jobs)
        self.recorder = Recorder(settings.issuer, Logouts(self.jobs), self.audit_erasure)
        self.breached_passwords = breached_passwords_of(settings)
        self.passwords = passwords_of(settings, self.breached_passwords)

    def _add_keys(self) -> None:
        """The keys, and what they sign and verify."""
        issuer = self.settings.issuer
        self.lifetimes = lifetimes_of(self.settings)
        self.schedule = schedule_of(self.settings, self.lifetimes)
        self.sealer = sealer_of(self.settings)
        self.digest_keys = DigestKeys(self.database, self.sealer, self.clock)
        self.digests = self.digest_keys.digests
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
