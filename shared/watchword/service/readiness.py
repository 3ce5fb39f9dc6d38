"""What /readyz says of the parts that come from the issuer: its keys and its security events.

A service that starts is not ready until both are there, for START_SECONDS at most: an issuer that is away must not keep
its services from serving what needs no token. Later silence is shown, and takes no service out.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol, runtime_checkable

from watchword.auth import KeysUnavailable, RemoteKeys, Verifier
from watchword.auth.background import Runner
from watchword.errors import Unavailable
from watchword.service.health import Check

START_SECONDS: Final = 30.0
"""How long a service waits for the issuer after its start, and how old the contact of another process may be."""


class NoContactYet(Unavailable):
    """The issuer has not yet answered a request for security events since the start."""

    code = "no_contact_yet"


class ReceiverRefused(Unavailable):
    """The issuer refuses the client that receives security events; the log says why."""

    code = "client_refused"


@runtime_checkable
class EventReceiver(Protocol):
    """What a receiver of security events says about its contact with the issuer."""

    @property
    def last_contact_at(self) -> datetime | None: ...

    @property
    def refusal_reason(self) -> str | None: ...

    def silent_for(self) -> float: ...

    def is_silent(self) -> bool: ...


class Arrival:
    """Whether what a part waits for has come since its start."""

    def __init__(self, runner: Runner, has_come: Callable[[], bool]) -> None:
        self._runner = runner
        self._has_come = has_come
        self._is_over = False

    def is_awaited(self) -> bool:
        """Whether it has not come yet, and there is still time."""
        self._is_over = self._is_over or self._has_come() or self._runner.running_seconds() >= START_SECONDS
        return not self._is_over


def checks_of(verifier: Verifier) -> dict[str, Check]:
    """The checks of a verifier's parts. A service that has started none of them is never ready."""
    checks: dict[str, Check] = {}
    if isinstance(keys := verifier.keys, RemoteKeys):
        checks["keys"] = _check_of_keys(verifier, keys)
    receiver: object = verifier.revocations
    if isinstance(receiver, EventReceiver):
        checks["security_events"] = _check_of_events(verifier, receiver)
    return checks


def _check_of_keys(verifier: Verifier, keys: RemoteKeys) -> Check:
    arrival = Arrival(verifier.keys_runner, keys.has_keys)

    async def check() -> dict[str, Any]:
        verifier.ensure_running()
        if arrival.is_awaited():
            raise KeysUnavailable("the issuer's keys have not been fetched yet")
        return {"available": keys.has_keys(), "seconds": round(keys.age(), 1)}

    return check


def _check_of_events(verifier: Verifier, receiver: EventReceiver) -> Check:
    def is_in_contact() -> bool:
        # One process of the service receives for all. Its contact counts, also from shortly before this one started.
        return receiver.last_contact_at is not None and receiver.silent_for() < START_SECONDS

    arrival = Arrival(verifier.revocations_runner, is_in_contact)

    async def check() -> dict[str, Any]:
        verifier.ensure_running()
        if receiver.refusal_reason is not None:
            raise ReceiverRefused(receiver.refusal_reason)
        if arrival.is_awaited():
            raise NoContactYet("the issuer has not answered yet")
        return {"silent": receiver.is_silent(), "seconds": round(receiver.silent_for(), 1)}

    return check
