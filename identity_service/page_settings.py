"""The settings of the pages that people see."""

from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from watchword.service import ServiceSettings


class PageSettings(ServiceSettings):
    pages_folder: Path | None = Field(
        None,
        description="A folder whose templates, styles, logo and texts replace those of the pages (`docs/pages.md`)",
    )
    sign_on_idle_seconds: int = Field(
        1_209_600,
        ge=600,
        le=315_360_000,
        description="How long a person stays signed in at the pages without using them (14 days)",
    )
    sign_on_seconds: int = Field(
        5_184_000,
        ge=600,
        le=315_360_000,
        description="How long a person stays signed in at the pages, even by using them (60 days)",
    )

    @field_validator("pages_folder")
    @classmethod
    def _is_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("it must be a folder")
        return value

    @field_validator("sign_on_seconds")
    @classmethod
    def _outlasts_idleness(cls, value: int, info: ValidationInfo) -> int:
        idle = info.data.get("sign_on_idle_seconds", 0)
        if value < idle:
            raise ValueError(f"it must not be less than {cls.variable('sign_on_idle_seconds')}, which is {idle}")
        return value
