"""The address of the caller whose request is being served, as limits count it."""

from contextvars import ContextVar
from typing import Final

caller_address: Final[ContextVar[str]] = ContextVar("caller_address", default="")
"""Empty outside a request, and in a request whose route does not ask for its caller's address."""
