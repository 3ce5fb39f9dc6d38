"""Security events (RFC 8417) in the vocabularies of CAEP and RISC, received as OpenID Shared Signals 1.0 says.

This package delivers events; each service decides what they mean to it.
"""

from typing import TYPE_CHECKING, Any

from watchword.events.authorized_calls import TransmitterAccount
from watchword.events.receive import receive_security_events
from watchword.events.receiver import Receiver
from watchword.events.security_event import ReceivedEvent
from watchword.events.silence import SilencePolicy, TransmitterSilent
from watchword.events.store import Effect, ProcessEffect
from watchword.events.types import EventType, SecurityEvent

if TYPE_CHECKING:
    from watchword.events.tables import ReceiverTables

__all__ = [
    "Effect",
    "EventType",
    "ProcessEffect",
    "ReceivedEvent",
    "Receiver",
    "ReceiverTables",
    "SecurityEvent",
    "SilencePolicy",
    "TransmitterAccount",
    "TransmitterSilent",
    "receive_security_events",
]


def __getattr__(name: str) -> Any:
    # Imported at the first use (PEP 562), because it needs the extra `events`.
    if name == "ReceiverTables":
        try:
            from watchword.events.tables import ReceiverTables
        except ModuleNotFoundError as error:
            raise ImportError("ReceiverTables needs the extra: pip install 'watchword[events]'") from error
        return ReceiverTables
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
