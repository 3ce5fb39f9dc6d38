"""The texts of letters: Jinja templates, of which a team may replace each by a file of its own."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Final

from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape

from identity_service.letters.letter import LetterKind, has_token
from watchword.errors import AppError

_OURS: Final = Path(__file__).with_name("templates")
_MAX_VALUE: Final = 200
_EXAMPLE_LINK: Final = "https://watchword.example/link/of-an-example"
_EXAMPLE: Final = {"username": "ada", "service": "an example", "link": _EXAMPLE_LINK}
_TYPED: Final = ("username", "device", "application", "passkey")
"""The values that a person, or the maker of an application, can choose freely."""

_WITH_DEVICE: Final = frozenset({LetterKind.NEW_DEVICE, LetterKind.DEVICE_CONNECTED})
_WITH_PASSKEY: Final = frozenset({LetterKind.FACTOR_ADDED, LetterKind.FACTOR_REMOVED, LetterKind.PASSKEY_REFUSED})

_WORD_JOINER: Final = "\u2060"


class TemplatesRefused(AppError):
    """A file in the folder of templates cannot be used. The message names it."""


@dataclass(frozen=True, slots=True, repr=False)
class Texts:
    subject: str
    text: str
    html: str


class Templates:
    """Files in `folder` replace ours, each by its name. All are read once: a later edit has no effect."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @cached_property
    def _environment(self) -> Environment:
        theirs = {} if self._folder is None else _texts_in(self._folder)
        return _environment_of(tuple({**_our_texts(), **theirs}.items()))

    def check(self) -> None:
        """Read the templates. Raise TemplatesRefused if a file in the folder is none of ours, or if a template
        cannot be rendered or leaves out the link."""
        _ = self._environment

    def render(self, kind: LetterKind, values: Mapping[str, str]) -> Texts:
        """The texts with these values: `username`, `device`, `application`, `passkey`, `link`, `expires_at` and
        `service`."""
        cleaned = {name: value if name == "link" else clean(value) for name, value in values.items()}
        cleaned |= {name: without_links(cleaned[name]) for name in _TYPED}
        return Texts(
            subject=clean(self._render(f"{kind}.subject.txt", cleaned)),
            text=self._render(f"{kind}.txt", cleaned),
            html=self._render(f"{kind}.html", cleaned),
        )

    def _render(self, name: str, values: Mapping[str, str]) -> str:
        return self._environment.get_template(name).render(values)


# A service is built many times in the tests of one process, mostly with the templates of the product.
@lru_cache(maxsize=4)
def _environment_of(templates: tuple[tuple[str, str], ...]) -> Environment:
    """The environment that renders these templates, by name and source, each of which has been tried."""
    environment = Environment(
        loader=DictLoader(dict(templates)),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    for kind in LetterKind:
        _try(environment, kind)
    return environment


def _try(environment: Environment, kind: LetterKind) -> None:
    values = {
        **_EXAMPLE,
        "device": "an example" if kind in _WITH_DEVICE else "",
        "application": "an example" if kind == LetterKind.DEVICE_CONNECTED else "",
        "passkey": "an example" if kind in _WITH_PASSKEY else "",
        "expires_at": "01 January 2026, 00:00 UTC" if has_token(kind) else "",
    }
    for ending in ("subject.txt", "txt", "html"):
        name = f"{kind}.{ending}"
        try:
            text = environment.get_template(name).render(values)
        # A template can call functions, so anything may be raised.
        except Exception as error:
            raise TemplatesRefused(f"IDENTITY_LETTER_TEMPLATES: {name} cannot be used: {error}") from error
        if ending != "subject.txt" and _EXAMPLE_LINK not in text:
            raise TemplatesRefused(f"IDENTITY_LETTER_TEMPLATES: {name} leaves out the link: write {{{{ link }}}}")


def clean(text: str) -> str:
    """The text as one line of limited length, without characters that change how the text around it is shown."""
    line = " ".join(text.split())
    visible = "".join(character for character in line if not unicodedata.category(character).startswith("C"))
    return visible if len(visible) <= _MAX_VALUE else visible[: _MAX_VALUE - 1] + "…"


def without_links(text: str) -> str:
    """The text, which looks the same, with a word joiner after each dot and slash: mail programs make links of what
    looks like a host or an address, such as the username `www.evil.example`."""
    return text.replace(".", f".{_WORD_JOINER}").replace("/", f"/{_WORD_JOINER}")


@cache
def _our_texts() -> dict[str, str]:
    return _texts_in(_OURS)


def _texts_in(folder: Path) -> dict[str, str]:
    """The templates in a folder by their names. Hidden files are left out: a volume of Kubernetes has some."""
    ours = sorted(file.name for file in _OURS.iterdir())
    texts = {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith("."):
            continue
        if file.name not in ours:
            raise TemplatesRefused(f"IDENTITY_LETTER_TEMPLATES: {file.name} replaces no template: {', '.join(ours)}")
        try:
            texts[file.name] = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TemplatesRefused(f"IDENTITY_LETTER_TEMPLATES: {file.name} cannot be read: {error}") from error
    return texts
