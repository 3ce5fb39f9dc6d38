"""What can go wrong between a receiver and its transmitter. The reason of each error says what the transmitter did."""

from typing import Self

from watchword.errors import Unavailable


class TransmitterUnavailable(Unavailable):
    """The transmitter does not answer, or not as SSF 1.0, RFC 8414, RFC 6749 and RFC 8936 say."""

    code = "transmitter_unavailable"


class AnswerTimedOut(TransmitterUnavailable):
    """The transmitter has not answered in time: it stands still, the network is cut, or it holds polls for
    longer."""


class StreamGone(TransmitterUnavailable):
    """The transmitter does not know the stream. The next connection finds or creates another."""


class ClientRefused(TransmitterUnavailable):
    """The issuer refuses this client's credentials or scopes; a person must correct that. `error` is its code."""

    code = "client_refused"

    @classmethod
    def example(cls) -> Self:
        return cls("the client is unknown or did not authenticate", "invalid_client")

    def __init__(self, reason: str, error: str) -> None:
        super().__init__(reason)
        self.error = error
