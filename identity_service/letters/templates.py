"""The texts of letters: Jinja templates, of which a team may replace each by a file of its own."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from identity_service.letters.letter import LetterKind
from watchword.errors import AppError

_OURS: Final = Path(__file__).with_name("templates")
_LAYOUT: Final = "layout.html"
_MAX_VALUE: Final = 200
_EXAMPLE: Final = dict.fromkeys(("username", "device", "link", "expires_at", "service"), "an example")


class TemplatesRefused(AppError):
    """A file in the folder of templates cannot be used. The message names it."""


@dataclass(frozen=True, slots=True, repr=False)
class Texts:
    subject: str
    text: str
    html: str


class Templates:
    """Files in `folder` replace ours, each by its name."""

    def __init__(self, folder: Path | None = None) -> None:
        folders = [_OURS] if folder is None else [folder, _OURS]
        self._environment = Environment(
            loader=FileSystemLoader(folders),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        self._folder = folder

    def check(self) -> None:
        """Raise TemplatesRefused if a file in the folder is none of ours, or if a template cannot be rendered."""
        if self._folder is not None:
            _ensure_ours(self._folder)
        for kind in LetterKind:
            self._try(kind)

    def render(self, kind: LetterKind, values: Mapping[str, str]) -> Texts:
        """The texts with these values: `username`, `device`, `link`, `expires_at` and `service`."""
        cleaned = {name: value if name == "link" else clean(value) for name, value in values.items()}
        return Texts(
            subject=clean(self._render(f"{kind}.subject.txt", cleaned)),
            text=self._render(f"{kind}.txt", cleaned),
            html=self._render(f"{kind}.html", cleaned),
        )

    def _render(self, name: str, values: Mapping[str, str]) -> str:
        return self._environment.get_template(name).render(values)

    def _try(self, kind: LetterKind) -> None:
        for ending in ("subject.txt", "txt", "html"):
            name = f"{kind}.{ending}"
            try:
                self._render(name, _EXAMPLE)
            except (TemplateError, UnicodeDecodeError, TypeError, ValueError) as error:
                raise TemplatesRefused(f"IDENTITY_LETTER_TEMPLATES: {name} cannot be used: {error}") from error


def clean(text: str) -> str:
    """The text as one line of limited length, without characters that change how the text around it is shown."""
    line = " ".join(text.split())
    visible = "".join(character for character in line if not unicodedata.category(character).startswith("C"))
    return visible if len(visible) <= _MAX_VALUE else visible[: _MAX_VALUE - 1] + "…"


def _ensure_ours(folder: Path) -> None:
    ours = {file.name for file in _OURS.iterdir()}
    for file in sorted(folder.iterdir()):
        if file.name not in ours:
            names = ", ".join(sorted(ours))
            raise TemplatesRefused(f"IDENTITY_LETTER_TEMPLATES: {file.name} replaces no template: {names}")
