"""Another service: it verifies access tokens with identity's keys, and refuses what identity's events revoke."""

from tests.identity.receivers import Receiver, receiver_with_stream
from tests.support.services import IDENTITY_URL, POSTS_URL, Identity
from watchword.auth import InvalidToken, Revocations, Verifier
from watchword.auth.errors import Flaw
from watchword.auth.revocations import FOR_EVER
from watchword.clock import Clock
from watchword.events.meaning import revocation_by
from watchword.events.security_event import EventReader


class ObeyingService:
    """The service posts, as far as tokens go: its verifier, and what it has received through its stream."""

    def __init__(self, identity: Identity, stream: Receiver, clock: Clock) -> None:
        keys = identity.parts.keyring
        self.revocations = Revocations(900)
        self._stream = stream
        self._reader = EventReader(keys, IDENTITY_URL, "posts")
        self._verifier = Verifier(issuer=IDENTITY_URL, audience=POSTS_URL, keys=keys, revocations=self, clock=clock)

    @classmethod
    async def of(cls, identity: Identity) -> "ObeyingService":
        return cls(identity, await receiver_with_stream(identity), identity.parts.clock)

    def ensure_in_contact(self, is_write: bool) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def receive(self) -> None:
        """Obey every event that waits in the stream, and acknowledge them."""
        sets = await self._stream.sets()
        for jti, token in sets.items():
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
