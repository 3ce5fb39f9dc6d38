"""Security events (RFC 8417) in the vocabularies of CAEP and RISC, received as OpenID Shared Signals 1.0 says.

This package delivers events; each service decides what they mean to it.
"""

from watchword.events.authorized_calls import TransmitterAccount
from watchword.events.receive import receive_security_events
from watchword.events.receiver import Receiver
from watchword.events.security_event import ReceivedEvent
from watchword.events.silence import SilencePolicy, TransmitterSilent
from watchword.events.store import Effect
from watchword.events.tables import ReceiverTables
from watchword.events.types import EventType, SecurityEvent

__all__ = [
    "Effect",
    "EventType",
    "ReceivedEvent",
    "Receiver",
    "ReceiverTables",
    "SecurityEvent",
    "SilencePolicy",
    "TransmitterAccount",
    "TransmitterSilent",
    "receive_security_events",
]
