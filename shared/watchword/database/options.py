"""The options of a database URL: those of libpq that asyncpg knows, and the values that each may have."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

_TLS_VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "target_session_attrs": ("any", "primary", "standby", "prefer-standby", "read-write", "read-only"),
    "gsslib": ("gssapi", "sspi"),
}
_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    "host": re.compile(r"[^,]+(,[^,]+)*"),
    "connect_timeout": re.compile(r"[1-9][0-9]{0,2}"),
}
_TEXTS: Final = ("dbname", "user", "password", "sslpassword", "krbsrvname", "service", "application_name", "options")
KNOWN: Final = (*_CHOICES, *_FILES, *_PATTERNS, *_TEXTS, "port")

_VERIFY_MODES: Final = ("verify-ca", "verify-full")
_TLS_MODES: Final = ("require", *_VERIFY_MODES)


def is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 0 < int(text) < 65_536


def option_problems(options: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the options, each in a sentence that names the option and never repeats a value."""
    for name, value in options.items():
        if name not in KNOWN:
            # The name of an option is shown. A text that no option can be called may be part of a password.
            shown = name if re.fullmatch("[A-Za-z_]{1,40}", name) else "that is no word"
            yield f"it has an option {shown}, which is not one of {', '.join(sorted(KNOWN))}{_advice(name)}"
        elif (problem := _value_problem(name, value)) is not None:
            yield f"the option {name} {problem}"
    yield from _ineffective(options)


def _advice(name: str) -> str:
    if name == "ssl":
        return "; write sslmode=require or sslmode=verify-full"
    if name == "channel_binding":
        return "; leave it out: the driver does not bind channels"
    return "; a setting of the server is written options=-c%20name%3Dvalue"


def _value_problem(name: str, value: str) -> str | None:
    if not value:
        return "is empty"
    if (choices := _CHOICES.get(name)) is not None and value not in choices:
        return f"must be one of {', '.join(choices)}"
    if name in _FILES and not (Path(value).is_file() and os.access(value, os.R_OK)):
        return "must name a file that this process can read"
    is_wrong_port = name == "port" and not all(map(is_port, value.split(",")))
    if is_wrong_port or ((pattern := _PATTERNS.get(name)) is not None and not pattern.fullmatch(value)):
        return "has a value that it cannot have"
    return None


def _ineffective(options: Mapping[str, str]) -> Iterator[str]:
    """What would be silently ignored, or would fail at every connection."""
    mode = options.get("sslmode") or os.environ.get("PGSSLMODE") or "prefer"
    for name in ("sslrootcert", "sslcrl"):
        if name in options and mode not in _TLS_MODES:
            yield f"the option {name} has no effect unless sslmode is {', '.join(_TLS_MODES[:-1])} or {_TLS_MODES[-1]}"
    if options.get("sslnegotiation") == "direct" and mode not in _TLS_MODES:
        yield f"sslnegotiation=direct needs sslmode={' or '.join(_TLS_MODES)}"
    if mode in _VERIFY_MODES and not ("sslrootcert" in options or "service" in options or _has_default_authority()):
        yield f"sslmode={mode} needs sslrootcert, a file with the certificates of the authorities that are trusted"
    lowest, highest = (options.get(f"ssl_{which}_protocol_version", "") for which in ("min", "max"))
    if lowest > highest > "":
        yield "ssl_min_protocol_version is above ssl_max_protocol_version"
    hosts, ports = (options.get(name, "").count(",") + 1 for name in ("host", "port"))
    if ports not in (1, hosts):
        yield "the option port must have one port, or one for each host"


def _has_default_authority() -> bool:
    if os.environ.get("PGSSLROOTCERT"):
        return True
    try:
        return (Path.home() / ".postgresql" / "root.crt").is_file()
    except RuntimeError:
        return False
