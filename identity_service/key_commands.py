"""The commands about keys."""

import argparse
from datetime import datetime
from typing import Final

from identity_service.administration import Administration
from identity_service.keys.models import SigningKey
from identity_service.parts import Parts

_TIME: Final = "%Y-%m-%d %H:%M:%S"


async def list_keys(parts: Parts, _: argparse.Namespace) -> str:
    now = parts.clock.now()
    return "\n".join(_line(key, now) for key in await parts.signing_keys.load()) or "There are no signing keys."


async def rotate_keys(parts: Parts, _: argparse.Namespace) -> str:
    key = await Administration(parts).rotate_key()
    return f"{key.kid} signs from {key.signs_from.isoformat(timespec='seconds')}."


async def withdraw_key(parts: Parts, options: argparse.Namespace) -> str:
    withdrawn = await Administration(parts).withdraw_key(options.kid)
    number = "unknown, because counting took too long" if withdrawn.sessions is None else withdrawn.sessions
    return (
        f"{options.kid} is withdrawn, and every service refuses what it has signed."
        f" {withdrawn.signing_kid} signs from now on.\nSessions that must sign in again: {number}."
    )


async def seal_keys(parts: Parts, _: argparse.Namespace) -> str:
    sealed = await Administration(parts).seal_keys()
    lines = [
        f"{kind}: {count.sealed} sealed anew" + (f", {count.unopened} not opened" if count.unopened else "")
        for kind, count in sealed.counts.items()
    ]
    return "\n".join([f"The key-encryption key {sealed.key_encryption_key} seals everything from now on.", *lines])


def _line(key: SigningKey, now: datetime) -> str:
    """One line of the list of keys; times are in UTC."""
    withdrawn = "withdrawn, since it leaked" if key.is_compromised else f"withdrawn {key.withdrawn_at:{_TIME}}"
    times = f"signs {key.signs_from:{_TIME}} to {key.signs_until:{_TIME}}  {withdrawn}"
    return f"{key.kid}  {times}{'  <- signs now' if key.signs(now) else ''}"
