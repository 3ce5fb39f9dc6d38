"""Importing the accounts of another system, portion by portion."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts import import_statements as statements
from identity_service.accounts.import_lines import ImportedAccount, ImportLine, read_lines
from identity_service.accounts.import_statements import Holder
from identity_service.audit import repository as audit
from identity_service.recording.cause import Cause
from identity_service.roles import repository as roles
from identity_service.users.normal_form import without_case
from identity_service.users.stand_ins import NO_HASH, StandIns
from watchword.clock import Clock
from watchword.database.database import Database

PORTION: Final = 100
"""How many lines are one transaction, which holds the lock of each of their addresses."""


class LineReport(NamedTuple):
    """A line that was not imported. `is_there` is whether that is so because its name or its address has an account."""

    number: int
    is_there: bool
    reason: str


@dataclass(slots=True)
class ImportCounts:
    """How many lines were imported, skipped because the account is there, and refused for a fault."""

    imported: int = 0
    skipped: int = 0
    refused: int = 0


class _Candidate(NamedTuple):
    """A line whose account can be made, unless somebody has its name or its address; both in lower case."""

    number: int
    account: ImportedAccount
    username: str
    email: str


@dataclass(frozen=True, slots=True)
class _Choice:
    """The accounts of a portion that can be made, those that give way to them, and the lines that cannot be."""

    accepted: list[_Candidate] = field(default_factory=list)
    replaced: list[UUID] = field(default_factory=list)
    reports: list[LineReport] = field(default_factory=list)


class _Rehearsed(Exception):
    """Ends the transaction of a rehearsal without its changes."""


class Imports:
    """Makes accounts that sign in without a verified address, as an operator does who makes a single one: with any name
    that is free at present. An account that awaits the verification of the same address gives way.

    Each portion is one transaction with its audit entries. What is there already is skipped, so that the same file can
    be imported again after whatever has cut it off. No letter is sent.
    """

    def __init__(self, database: Database, clock: Clock, *, stand_ins: StandIns) -> None:
        self._database = database
        self._clock = clock
        self._stand_ins = stand_ins

    async def run(
        self, file: BinaryIO, report: Callable[[LineReport], None], cause: Cause, *, rehearse: bool = False
    ) -> ImportCounts:
        """Import every line that can be; `report` is told of the others, in their order. With `rehearse`, nothing is
        changed."""
        counts = ImportCounts()
        for portion in _portions(read_lines(file, self._clock.now())):
            reports = await self._import(portion, cause, rehearse=rehearse)
            for one in sorted(reports):
                report(one)
            skipped = sum(one.is_there for one in reports)
            counts.imported += len(portion) - len(reports)
            counts.skipped += skipped
            counts.refused += len(reports) - skipped
        return counts

    async def _import(self, portion: Sequence[ImportLine], cause: Cause, *, rehearse: bool) -> list[LineReport]:
        """Import one portion, and return which of its lines were not."""
        reports = [LineReport(line.number, False, line.fault) for line in portion if line.fault is not None]
        candidates = [
            _Candidate(line.number, account, account.username.lower(), without_case(account.email))
            for line in portion
            if (account := line.account) is not None
        ]
        try:
            async with self._database.begin() as db:
                reports += await self._write(db, candidates, cause)
                if rehearse:
                    raise _Rehearsed
        except _Rehearsed:
            pass
        return reports

    async def _write(self, db: AsyncSession, candidates: Sequence[_Candidate], cause: Cause) -> list[LineReport]:
        await self._stand_ins.lock_each(db, [candidate.email for candidate in candidates])
        known, reports = await _with_known_roles(db, candidates)
        choice = await self._choose(db, known)
        if not choice.accepted:
            return reports + choice.reports
        await statements.delete_awaiting(db, choice.replaced)
        now = self._clock.now()
        # In the order of their names, in which another import would wait for them.
        in_order = sorted(choice.accepted, key=lambda candidate: candidate.username)
        ids = await statements.insert_free(db, [_row(candidate.account, now) for candidate in in_order])
        made = [(ids[one.account.username], one.account) for one in in_order if one.account.username in ids]
        await statements.give_roles(db, {user_id: account.roles for user_id, account in made})
        await _record(db, made, cause)
        late = [one for one in in_order if one.account.username not in ids]
        return reports + choice.reports + [_is_there(one, "its name or its address is taken") for one in late]

    async def _choose(self, db: AsyncSession, candidates: Sequence[_Candidate]) -> _Choice:
        """Which of the candidates can be made."""
        stand_ins = {candidate.email: self._stand_ins.address_for(candidate.email) for candidate in candidates}
        addresses = {*stand_ins, *stand_ins.values()}
        holders = await statements.holders(db, {candidate.username for candidate in candidates}, addresses)
        reserved = await statements.reserved(db, [*stand_ins], self._clock.now())
        choice = _Choice()
        taken_names = {holder.username: holder for holder in holders}
        taken_addresses = {holder.email: holder for holder in holders}
        for candidate in candidates:
            own = (candidate.email, stand_ins[candidate.email])
            awaiting = [
                holder
                for email in own
                if (holder := taken_addresses.get(email)) is not None and holder.awaits_verification
            ]
            holder = taken_names.get(candidate.username)
            if holder is not None and holder not in awaiting:
                choice.reports.append(_is_there(candidate, "its name is taken"))
            elif candidate.email in reserved or _is_held(taken_addresses.get(candidate.email), awaiting):
                choice.reports.append(_is_there(candidate, "its address is taken"))
            else:
                choice.accepted.append(candidate)
                choice.replaced.extend(one.id for one in awaiting)
                # For another line of the portion with the same name or address.
                made = Holder(UUID(int=candidate.number), candidate.username, candidate.email, False)
                taken_names[candidate.username] = taken_addresses[candidate.email] = made
        return choice


def _is_held(holder: Holder | None, awaiting: Sequence[Holder]) -> bool:
    return holder is not None and holder not in awaiting


def _is_there(candidate: _Candidate, reason: str) -> LineReport:
    return LineReport(candidate.number, True, f"{candidate.account.username}: {reason}")


def _portions(lines: Iterable[ImportLine]) -> Iterator[list[ImportLine]]:
    portion: list[ImportLine] = []
    for line in lines:
        portion.append(line)
        if len(portion) == PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


async def _with_known_roles(
    db: AsyncSession, candidates: Sequence[_Candidate]
) -> tuple[list[_Candidate], list[LineReport]]:
    """The candidates whose roles there are, which stay until the transaction ends, and a report for each other one."""
    names = {role for candidate in candidates for role in candidate.account.roles}
    unknown = set(await roles.find_unknown(db, names)) if names else set()
    known, reports = [], []
    for candidate in candidates:
        if missing := sorted(unknown.intersection(candidate.account.roles)):
            reports.append(LineReport(candidate.number, False, f"roles: there is no role {', '.join(missing)}"))
        else:
            known.append(candidate)
    return known, reports


def _row(account: ImportedAccount, now: datetime) -> Mapping[str, Any]:
    """The columns of the account. Without a hash no password matches, and the person sets one by a letter."""
    created_at = account.created_at or now
    return {
        "username": account.username,
        "email": account.email,
        "full_name": account.full_name,
        "password_hash": account.password_hash or NO_HASH,
        "is_active": account.active,
        "email_verified_at": now if account.email_verified else None,
        "created_at": created_at,
        "updated_at": now,
    }


async def _record(db: AsyncSession, made: Sequence[tuple[UUID, ImportedAccount]], cause: Cause) -> None:
    """An entry for each account, with what it may do from the first day."""
    alike: dict[tuple[bool, tuple[str, ...]], list[UUID]] = defaultdict(list)
    for user_id, account in made:
        alike[account.active, tuple(sorted(set(account.roles)))].append(user_id)
    for (is_active, names), user_ids in alike.items():
        after = {"active": is_active, "roles": list(names)}
        await audit.record_each(db, cause.actor, "user.imported", user_ids, before=None, after=after, why=cause.why)
