"""What a User-Agent field says of a device, in words that a person recognizes."""

from typing import Final, NamedTuple

MAX_PROGRAM_CHARACTERS: Final = 40

# The first of these that the field has: a browser also names those that it wants to be taken for.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


class DeviceName(NamedTuple):
    """The program and the system of a device, as far as they are known."""

    program: str | None
    system: str | None


def device_name(user_agent: str | None) -> DeviceName:
    """The name of the device that sends this field. It is a guess for people: anybody can send any field."""
    field = user_agent or ""
    if not field.startswith("Mozilla/"):
        return DeviceName(_product(field), None)
    return DeviceName(_first(_BROWSERS, field), _first(_SYSTEMS, field))


def _product(field: str) -> str | None:
    """The first product of the field (RFC 9110 section 10.1.5), without its version."""
    product = field.partition(" ")[0].partition("/")[0][:MAX_PROGRAM_CHARACTERS]
    return product if product.isprintable() and product else None


def _first(names: dict[str, str], field: str) -> str | None:
    return next((name for sign, name in names.items() if sign in field), None)
