"""The use cases of an operator who recovers an installation."""

from identity_service.events.replay import Replay
from identity_service.keys.sealing import Sealer
from identity_service.keys.service import SigningKeys
from identity_service.recording.recorder import Recorder
from identity_service.recovery.account_states import AccountStates
from identity_service.recovery.deletions import LostDeletions
from identity_service.recovery.everybody import Everybody
from identity_service.recovery.lost_keys import LostKeys
from identity_service.recovery.sent_deletions import SentDeletions
from watchword.clock import Clock
from watchword.database.database import Database


class RecoveryParts:
    """Built for each command that needs them: no process that serves does."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        signing_keys: SigningKeys,
        sealer: Sealer,
        replay: Replay,
        *,
        clock: Clock,
    ) -> None:
        self.everybody = Everybody(database, recorder, clock)
        self.lost_deletions = LostDeletions(database, recorder, clock)
        self.sent_deletions = SentDeletions(database, replay)
        self.lost_keys = LostKeys(database, sealer, signing_keys, recorder, clock)
        self.account_states = AccountStates(database, clock)
