"""The settings of the pages that people see."""

from pathlib import Path

from pydantic import Field, field_validator

from watchword.service import ServiceSettings


class PageSettings(ServiceSettings):
    pages_folder: Path | None = Field(
        None,
        description="A folder whose templates, styles, logo and texts replace those of the pages (`docs/pages.md`)",
    )

    @field_validator("pages_folder")
    @classmethod
    def _is_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("it must be a folder")
        return value
