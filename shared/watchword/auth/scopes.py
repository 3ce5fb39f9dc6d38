"""The scopes that a guard names."""

import re
from collections.abc import Collection
from typing import Final

# RFC 6749 section 3.3 without the comma: "a,b" is one scope to the standard, but its author probably means two.
_SCOPE_TOKEN: Final = re.compile(r"[!#-+\--\[\]-~]+")


def scope_tokens(names: Collection[str]) -> tuple[str, ...]:
    """These names in the same order, each once.

    Raises TypeError for one text in the place of several, and ValueError for a name that no token can carry.
    """
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"scopes are texts, each an argument or a member of a list: {names!r}")
    for name in names:
        if _SCOPE_TOKEN.fullmatch(name) is None:
            raise ValueError(f"{str(name)!r} is no scope: it is empty, or has a space, a comma or another separator")
    return tuple(dict.fromkeys(str(name) for name in names))
