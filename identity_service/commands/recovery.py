"""The commands for after a restore, and after the loss of a key (`docs/operations.md`)."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import orjson
import typer

from identity_service.administration import Administration
from identity_service.commands.acts import Wait, act_answer
from identity_service.commands.deletion_lists import deleted_ids, deletion_lines
from identity_service.commands.opening import open_parts, open_without_keys
from identity_service.errors import UserNotFound
from identity_service.events.enqueueing import NOTHING
from identity_service.obedience.models import Act
from identity_service.parts import Parts
from identity_service.recording.cause import BY_COMMAND_LINE
from identity_service.recovery.parts import RecoveryParts
from identity_service.roles.errors import LastAdministrator
from watchword.service.commands import Answer, CommandGroup, Lines

GROUP = CommandGroup("recovery", "What is done after a restore, or after the loss of a key.", open_parts)

File = Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="A file, or - for standard input.")]

_PORTION: Final = 1_000


@GROUP.verb("sign-out-everybody")
async def sign_out_everybody(parts: Parts, *, wait: Wait = None) -> Answer:
    """Withdraw every signing key, and end every sign-on and every session."""
    began, everybody = parts.clock.now(), recovery_of(parts).everybody
    # The sign-ons first, so that none of them leads to a session whose tokens another key signs.
    sign_ons = await everybody.end_sign_ons(began, BY_COMMAND_LINE)
    administration = Administration(parts)
    withdrawn = await administration.withdraw_keys(await administration.usable_keys())
    sessions = await everybody.end_sessions(began, BY_COMMAND_LINE)
    text = (
        f"Every token from before is refused, and {withdrawn.signing_kid} signs from now on."
        f"\nEnded: sign-ons {sign_ons}, sessions {sessions}."
    )
    document = {"signing_kid": withdrawn.signing_kid, "sign_ons": sign_ons, "sessions": sessions}
    return await act_answer(parts, wait, withdrawn.act, text, document)


@GROUP.verb("list-deletions")
async def list_deletions(parts: Parts) -> Lines:
    """Print the ids of all deleted accounts, for repeat-deletions after a restore."""
    return Lines(deletion_lines(recovery_of(parts).lost_deletions.portions()))


@GROUP.verb("repeat-deletions")
async def repeat_deletions(parts: Parts, file: File, *, wait: Wait = None) -> Answer:
    """Delete the accounts of a list again, and have every service erase what it has of them."""
    ids, lost = deleted_ids(file), recovery_of(parts).lost_deletions
    unknown = [one for at in range(0, len(ids), _PORTION) for one in await lost.unknown(ids[at : at + _PORTION])]
    acts: list[Act] = []
    administrators: list[str] = []
    for user_id in unknown:
        try:
            act = (await parts.accounts.delete(user_id, BY_COMMAND_LINE)).act
        except UserNotFound:
            act = await lost.record(user_id, BY_COMMAND_LINE)
        except LastAdministrator:
            administrators.append(str(user_id))
            continue
        acts.extend([] if act is None else [act])
    if administrators:
        raise LastAdministrator(
            f"deletions that were repeated: {len(acts)}; nobody but {', '.join(administrators)} is an administrator:"
            " make another one, and run this again"
        )
    text = f"Deletions that were repeated: {len(acts)}. Known before: {len(ids) - len(unknown)}."
    whole = Act(sum((act.enqueued for act in acts), NOTHING), BY_COMMAND_LINE.actor, acts[-1].subject) if acts else None
    return await act_answer(parts, wait, whole, text, {"repeated": len(acts), "known": len(ids) - len(unknown)})


@GROUP.verb("send-deletions")
async def send_deletions(parts: Parts) -> Answer:
    """Send every deletion of an account to every receiver again."""
    ids = await recovery_of(parts).sent_deletions.send_again(BY_COMMAND_LINE)
    return Answer(f"Streams that send all deletions again: {len(ids)}.", {"stream_ids": ids})


@GROUP.verb("list-accounts")
async def list_accounts(parts: Parts) -> Lines:
    """Print which accounts are active, for `posts_service recovery write-cards`."""
    return Lines(_account_lines(recovery_of(parts)))


@GROUP.verb("replace-lost-keys", open_without_keys)
async def replace_lost_keys(parts: Parts) -> Answer:
    """Withdraw the signing keys that IDENTITY_KEY_ENCRYPTION_KEY does not open, and make others."""
    replaced = await recovery_of(parts).lost_keys.replace(BY_COMMAND_LINE)
    lines = [f"{kid} is withdrawn, and every service refuses what it has signed." for kid in replaced.withdrawn]
    lines.extend([] if replaced.made is None else [f"{replaced.made} signs from now on."])
    if replaced.has_new_digest_key:
        lines.append("The key of digests was made anew: names of deleted accounts are free.")
    document = {
        "withdrawn": replaced.withdrawn,
        "made": replaced.made,
        "has_new_digest_key": replaced.has_new_digest_key,
    }
    return Answer("\n".join(lines) or "Every key can be opened; nothing was changed.", document)


def recovery_of(parts: Parts) -> RecoveryParts:
    return RecoveryParts(
        parts.database, parts.recorder, parts.signing_keys, parts.sealer, parts.transmitter.replay, clock=parts.clock
    )


async def _account_lines(recovery: RecoveryParts) -> AsyncIterator[bytes]:
    accounts = recovery.account_states
    yield _line({"type": "accounts", "at": accounts.now()})
    count = 0
    async for portion in accounts.portions():
        count += len(portion)
        yield b"".join(_line({"type": "account", **state._asdict(), "id": str(state.id)}) for state in portion)
    yield _line({"type": "end", "count": count})


def _line(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
