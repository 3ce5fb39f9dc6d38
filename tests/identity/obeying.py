"""Another service: it verifies access tokens with identity's keys, and refuses what identity's events revoke."""

from tests.identity.receivers import Receiver, receiver, receiver_with_stream
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from watchword.auth import InvalidToken, Revocations, Verifier
from watchword.auth.errors import Flaw, UnknownKey
from watchword.auth.public_key import PublicKey
from watchword.auth.revocations import FOR_EVER
from watchword.clock import Clock
from watchword.events.meaning import revocation_by
from watchword.events.security_event import EventReader


class CopiedKeys:
    """Identity's keys as a service has them: it goes on using each that it has seen."""

    def __init__(self, identity: Identity) -> None:
        self._keyring = identity.parts.keyring
        self._copy: dict[str, PublicKey] = {}

    def find(self, kid: str) -> PublicKey | None:
        self._copy |= {key.kid: key for key in self._keyring.published() if key.kid not in self._copy}
        return self._copy.get(kid)

    async def get(self, kid: str) -> PublicKey:
        if (key := self.find(kid)) is None:
            raise UnknownKey("unknown kid")
        return key


class ObeyingService:
    """The service posts, as far as tokens go: its verifier, and what it has received through its stream."""

    def __init__(self, identity: Identity, stream: Receiver, clock: Clock) -> None:
        keys = CopiedKeys(identity)
        self.revocations = Revocations(900)
        self._identity = identity
        self._stream = stream
        self._reader = EventReader(keys, IDENTITY_URL, "posts")
        self._verifier = Verifier(issuer=IDENTITY_URL, audience=POSTS_URL, keys=keys, revocations=self, clock=clock)

    @classmethod
    async def of(cls, identity: Identity) -> "ObeyingService":
        return cls(identity, await receiver_with_stream(identity), identity.parts.clock)

    def ensure_in_contact(self, is_write: bool) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def authenticate(self) -> None:
        """Get another access token for its stream."""
        self._stream.headers = (await receiver(self._identity)).headers

    async def receive(self, *, in_reverse: bool = False) -> None:
        """Obey every event that waits in the stream, the oldest first or last, and acknowledge them."""
        sets = await self._stream.sets()
        for jti, token in list(sets.items())[:: -1 if in_reverse else 1]:
            revocation = revocation_by(await self._reader.read(jti, token), IDENTITY_URL, FOR_EVER)
            if revocation is not None:
                self.revocations.add(revocation, 0)
        await self._stream.poll(ack=list(sets), maxEvents=0)

    async def accepts(self, access_token: str) -> bool:
        """Whether the token is accepted; if not, because it is revoked."""
        try:
            await self._verifier.verify(access_token)
        except InvalidToken as refusal:
            if refusal.flaw is not Flaw.REVOKED:
                raise
            return False
        return True
