"""The long-lived objects of the transmitter, which tells services of changes."""

from identity_service.events.canary import Canary
from identity_service.events.delivery_choice import DeliveryChoice
from identity_service.events.obedience_wait import ObedienceWait
from identity_service.events.poll import PollDelivery
from identity_service.events.push import Pusher
from identity_service.events.replay import Replay
from identity_service.events.security_event_tokens import SetMinter
from identity_service.events.streams import Streams
from identity_service.events.topics import Topics
from identity_service.events.upkeep import Upkeep
from identity_service.events.views import StreamViews
from identity_service.ground_parts import Ground


class TransmitterParts:
    """Streams of security events, and how their events are delivered."""

    def __init__(self, ground: Ground) -> None:
        database, clock, issuer = ground.database, ground.clock, ground.settings.issuer
        addresses, minter = ground.outbound_addresses, SetMinter(issuer, ground.keyring)
        self.topics = Topics()
        self.obedience_wait = ObedienceWait(database, self.topics)
        self.replay = Replay(database, issuer, ground.lifetimes.access)
        delivery = DeliveryChoice(ground.sealer, addresses)
        self.streams = Streams(database, delivery, self.replay, StreamViews(issuer), clock)
        self.poll_delivery = PollDelivery(database, minter, self.topics, clock, ground.settings.long_poll_seconds)
        self.pusher = Pusher(database, minter, ground.sealer, self.topics, clock, addresses=addresses)
        self.canary = Canary(database, issuer, clock)
        self.upkeep = Upkeep(database, self.replay)
