"""Arguments of this library: one that could never take effect is refused when it is given, by its name."""

import re
from typing import Final
from urllib.parse import urlsplit

import httpx

TEN_YEARS_SECONDS: Final = 315_360_000
_AUTHORITY_WITH_USER: Final = re.compile(r"[^/?#]*(?://)?[^/?#]*@")


def ensure_text(name: str, value: object, meaning: str) -> str:
    """The text. Raises ValueError, with what it must be, if it is empty, or has a space around it or a control
    character, as a file or a pipe leaves it."""
    if not isinstance(value, str) or not value.strip() or value != value.strip() or not value.isprintable():
        raise ValueError(
            f"{name}: {meaning}; this is empty, no text, or has a space around it or a control character: {value!r}"
        )
    return value


def ensure_web_url(name: str, value: object, meaning: str) -> str:
    """The http(s) URL, unchanged. Raises ValueError, with what it must be, if nothing can be called there, or if it has
    a fragment or a user name."""
    text = value if isinstance(value, str) else ""
    has_user = _AUTHORITY_WITH_USER.match(text) is not None
    if has_user or not _can_be_called(text) or not text.isprintable() or " " in text or "#" in text:
        raise _refusal(name, value, meaning)
    return text


def _can_be_called(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # httpx, which sends the requests, accepts fewer forms of a host.
        is_complete = bool(parts.hostname) and parts.port != 0 and bool(httpx.URL(text).host)
    except (ValueError, httpx.InvalidURL):
        return False
    # The scheme counts in any case (RFC 3986 section 3.1).
    return is_complete and text.lower().startswith(("http://", "https://"))


def ensure_origin(name: str, value: object, meaning: str) -> str:
    """The URL, unchanged. Raises ValueError, with what it must be, if it is not `scheme://host[:port]` alone."""
    text = ensure_web_url(name, value, meaning)
    if "?" in text or urlsplit(text).path not in ("", "/"):
        raise _refusal(name, value, meaning)
    return text


def _refusal(name: str, value: object, meaning: str) -> ValueError:
    """The error of a URL. What stands before an @ may be a password, also where a URL has none: it is not shown."""
    fault = "without a user name and a password" if "@" in str(value) else f"and not {value!r}"
    return ValueError(f"{name}: {meaning}, {fault}")


def ensure_seconds(name: str, value: object) -> float:
    """The seconds. Raises ValueError unless they are a number above 0, and at most ten years."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= TEN_YEARS_SECONDS:
        return value
    raise ValueError(f"{name}: seconds, more than 0 and at most {TEN_YEARS_SECONDS}, and not {value!r}")


def ensure_count(name: str, value: object, *, least: int) -> int:
    """The whole number. Raises ValueError if it is another value, or less than `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}: a whole number from {least} on, and not {value!r}")
    return value
