"""The permissions that this service itself reads."""

from typing import Final

ADMINISTER: Final = "identity:administer"
"""Whoever has it is an administrator. The role `admin` carries it, and others may."""
