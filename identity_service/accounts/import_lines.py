"""Accounts of another system as NDJSON: one on each line."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, BinaryIO, Final, NamedTuple

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, Strict, ValidationError
from pydantic_core import PydanticCustomError

from identity_service.accounts.schemas import Email, FullName, Username
from identity_service.roles.repository import DEFAULT_ROLE
from identity_service.users.foreign_hashes import storable
from watchword.http.fields import Body, Text

MAX_LINE_BYTES: Final = 65_536
_MAX_ROLES: Final = 100
_DATE: Final = re.compile(r"[0-9]{4}-")


def _storable(password_hash: str) -> str:
    try:
        return storable(password_hash)
    except ValueError as error:
        raise PydanticCustomError("hash_unusable", "{reason}", {"reason": str(error)}) from None


def _as_text(value: Any) -> Any:
    """A number could be of seconds or of milliseconds, from whatever time on, also as a text."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise PydanticCustomError("time_type", "it is no text, such as 2020-01-31T12:00:00Z")
    return value


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("time_range", "it is before the year 1") from None


Switch = Annotated[bool, Strict()]


class ImportedAccount(Body):
    """An account of another system. Its name and its address obey the rules of those that register here, and without a
    hash it has no password."""

    username: Username
    email: Email
    full_name: FullName | None = None
    email_verified: Switch = False
    active: Switch = True
    roles: Annotated[list[Annotated[Text, Field(max_length=63)]], Field(max_length=_MAX_ROLES)] = Field(
        default_factory=lambda: [DEFAULT_ROLE]
    )
    password_hash: Annotated[str, AfterValidator(_storable)] | None = None
    created_at: Annotated[AwareDatetime, BeforeValidator(_as_text), AfterValidator(_in_utc)] | None = None


class ImportLine(NamedTuple):
    """A line of the file, the first being 1: its account, or what is wrong with it."""

    number: int
    account: ImportedAccount | None
    fault: str | None


def read_lines(file: BinaryIO, now: datetime) -> Iterator[ImportLine]:
    """The lines of the file that are not empty. No more than one of them is kept."""
    for number, line in enumerate(_lines(file), start=1):
        if line is None:
            yield ImportLine(number, None, f"it has more than {MAX_LINE_BYTES} bytes")
        elif content := line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip():
            yield _parsed(number, content, now)


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines, None for one that is too long."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        if len(line) <= MAX_LINE_BYTES:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)
        yield None


def _parsed(number: int, content: bytes, now: datetime) -> ImportLine:
    try:
        account = ImportedAccount.model_validate_json(content)
    except ValidationError as error:
        faults = map(_text, error.errors(include_url=False))
        return ImportLine(number, None, "; ".join(faults))
    if account.created_at is not None and account.created_at > now:
        return ImportLine(number, None, "created_at: it is in the future")
    return ImportLine(number, account, None)


def _text(error: Any) -> str:
    place = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such member; there are {', '.join(ImportedAccount.model_fields)}"
    return f"{place}: {error['msg']}" if place else str(error["msg"])
