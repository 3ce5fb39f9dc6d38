"""The settings of passwords and usernames."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from watchword.service import ServiceSettings, split_by_commas


class PasswordSettings(ServiceSettings):
    """What passwords and usernames must be."""

    reserved_usernames: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Usernames that nobody may choose, beside those of `docs/security.md`, separated by commas",
    )

    _split_lists_of_passwords = field_validator("reserved_usernames", mode="before")(split_by_commas)
