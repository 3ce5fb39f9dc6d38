"""A database URL: what it may say, and the arguments with which every connection of a process is made.

asyncpg reads the URL for every connection. It takes an option that it does not know for a setting of the server, and
silently drops one that is empty, repeated or overridden. So the URL is checked here first.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from watchword.database.options import is_port, option_problems

FORM: Final = (
    "it must look like postgresql://role:password@host/database; write special characters of the password as %XX"
)

_SCHEME: Final = re.compile(r"postgres(ql)?(\+[a-z0-9_]+)?")
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^:\[\]]+)(?::(.*))?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]|%(?![0-9A-Fa-f]{2})|%00")


@dataclass(frozen=True, slots=True)
class ConnectArguments:
    """What a connection is made with: for each host a URL for asyncpg, in the order in which they are tried, and for
    how many seconds each is tried, if the URL says so."""

    dsns: tuple[str, ...] = field(repr=False)
    connect_timeout: int | None


def connect_arguments(url: str) -> ConnectArguments:
    """Read a URL as libpq does, with those of its options that asyncpg knows, and `connect_timeout`.

    Raises ValueError, which names each option that is unknown or wrong. It repeats nothing else of the URL, which may
    hold a password.
    """
    parts = _split(url.strip())
    pairs = _pairs(parts.query)
    options = dict(pairs)
    _ensure_sound(parts, options)
    repeated = sorted({name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1})
    problems = [*(f"it has the option {name} more than once" for name in repeated), *option_problems(options)]
    problems += (f"it says {name} both before and after the question mark" for name in _said_twice(parts, options))
    if problems:
        raise ValueError("; ".join(problems))
    seconds = options.pop("connect_timeout", None)
    return ConnectArguments(tuple(_dsns(parts, options)), None if seconds is None else int(seconds))


def _dsns(parts: SplitResult, options: Mapping[str, str]) -> Iterator[str]:
    """One URL for each host: asyncpg tries several under one time limit, and one that is silent would use it up."""
    hosts = list(_hosts(parts, options))
    # Of several hosts, a standby is taken if there is one.
    prefers_standby = len(hosts) > 1 and options.get("target_session_attrs") == "prefer-standby"
    for target in ({"target_session_attrs": "standby"}, {"target_session_attrs": "any"}) if prefers_standby else ({},):
        for netloc, own in hosts:
            query = urlencode({**options, **own, **target}, quote_via=quote)
            yield f"postgresql://{netloc}{'' if parts.path == '/' else parts.path}{query and '?'}{query}"


def _hosts(parts: SplitResult, options: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What stands before the path, and the options host and port, for each host."""
    login, at, hosts = parts.netloc.rpartition("@")
    if hosts or "host" not in options:
        yield from ((f"{login}{at}{host}", {}) for host in hosts.split(","))
        return
    names, ports = options["host"].split(","), options.get("port", "").split(",")
    for name, port in zip(names, ports if len(ports) > 1 else ports * len(names), strict=True):
        yield parts.netloc, {"host": name, "port": port} if port else {"host": name}


def _split(url: str) -> SplitResult:
    """The parts of a URL of PostgreSQL; nothing in it is a special character that may belong to the password."""
    try:
        parts = urlsplit(url)
        unquote(url, errors="strict").encode()
    except ValueError:
        raise ValueError(FORM) from None
    is_ambiguous = parts.netloc.count("@") > 1 or "@" in parts.path + parts.query or "#" in url
    if _CONTROL.search(url) or is_ambiguous or not _SCHEME.fullmatch(parts.scheme):
        raise ValueError(FORM)
    return parts


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        # In libpq a plus sign is a plus sign.
        return parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ValueError(FORM) from None


def _ensure_sound(parts: SplitResult, options: Mapping[str, str]) -> None:
    """Raise ValueError unless the URL names a database, and every host in it is valid."""
    hosts = _authority(parts)[2]
    names_database = len(parts.path) > 1 or "dbname" in options or "service" in options
    if not names_database or (hosts and not all(map(_is_host, hosts.split(",")))):
        raise ValueError(FORM)


def _is_host(text: str) -> bool:
    match = _HOST.fullmatch(text)
    return match is not None and (match[2] is None or is_port(match[2]))


def _said_twice(parts: SplitResult, options: Mapping[str, str]) -> list[str]:
    """The options that the URL also says in its first part. libpq would take one of the two, asyncpg the other."""
    user, password, hosts = _authority(parts)
    first_part = {"user": user, "password": password, "host": hosts, "port": hosts, "dbname": parts.path.lstrip("/")}
    return [name for name, value in first_part.items() if value and name in options]


def _authority(parts: SplitResult) -> tuple[str, str, str]:
    """The user, the password and the hosts before the path, as they are written."""
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return user, password, hosts
