"""The secrets of clients that a declaration has from variables, which it names."""

from pathlib import Path
from typing import Final

from pydantic import SecretStr

from watchword.service.secret_values import ensure_secret
from watchword.service.variables import Variables, read_secret_file

_OWN_PREFIX: Final = "IDENTITY_"
_OF_CLIENTS: Final = frozenset({"IDENTITY_POSTS_CLIENT_SECRET"})


def secret_in(variables: Variables, name: str) -> str:
    """The secret in the variable with this name or, if there is none, in the file that the variable with `_FILE` at the
    end of its name names. Raises ValueError, which says what is wrong with it."""
    name = name.upper()
    if name.startswith(_OWN_PREFIX) and name not in _OF_CLIENTS:
        raise ValueError("it belongs to this service: each secret must be used for one purpose only")
    value, file = variables.find(name), variables.find(f"{name}_FILE")
    if value is not None and file is not None:
        raise ValueError(f"{name}_FILE is set too: keep one of them")
    if value is None and file is None:
        raise ValueError(f"it is not set, and neither is {name}_FILE")
    text = value.text if value is not None else _text_in(file.text if file is not None else "")
    return ensure_secret(SecretStr(text)).get_secret_value()


def _text_in(path: str) -> str:
    text = read_secret_file(Path(path))
    if not text.isprintable():
        raise ValueError(f"{path} has more than one line, or a control character")
    return text
