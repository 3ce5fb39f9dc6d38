"""The sentences of the pages, by section and code, so that a team can put them into its own words or language."""

from collections.abc import Mapping
from string import Formatter
from typing import Final

from identity_service.pages.errors import ThemeRefused
from identity_service.user_agents import DeviceName

OTHER: Final = "other"


class Texts:
    """The texts of the product, `own`, and those of a team, `replaced`. Raises ThemeRefused for an unknown one."""

    def __init__(self, own: Mapping[str, object], replaced: Mapping[str, object]) -> None:
        self._sections = {name: _section(name, texts) for name, texts in own.items()}
        for name, texts in replaced.items():
            for key, text in _section(name, texts).items():
                before = self._sections.get(name, {}).get(key)
                if before is None:
                    raise ThemeRefused(f"texts.toml: no page has the text {name}.{key}")
                if unknown := _words(text) - _words(before):
                    raise ThemeRefused(
                        f"texts.toml: {name}.{key} has {{{', '.join(sorted(unknown))}}}, which is nothing"
                    )
                _ensure_can_be_filled_in(f"{name}.{key}", text)
                self._sections[name][key] = text

    def __getitem__(self, section: str) -> Mapping[str, str]:
        return self._sections[section]

    def has(self, section: str) -> bool:
        return section in self._sections

    @property
    def sections(self) -> frozenset[str]:
        return frozenset(self._sections)

    def flaw(self, field: str | None, code: str, advice: str | None) -> str:
        """What to tell a person about this field."""
        texts = self._sections["flaw"]
        for key in (f"{field}.{code}", code, f"{field}.{OTHER}"):
            if key in texts:
                return texts[key].format(advice=advice or "").strip()
        return texts[OTHER]

    def device(self, name: DeviceName) -> str:
        """How to name this device."""
        texts = self._sections["device"]
        if name.program and name.system:
            return texts["program_and_system"].format(program=name.program, system=name.system)
        return name.program or name.system or texts["unknown"]

    def error(self, code: str, **words: str) -> str:
        """What an error page says about the code of a refusal."""
        texts = self._sections["error_page"]
        return texts.get(code, texts[OTHER]).format(**words)


def _section(name: str, texts: object) -> dict[str, str]:
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise ThemeRefused(f"texts.toml: {name} must be a section with texts")
    for key, text in texts.items():
        try:
            _words(text)
        except ValueError:
            raise ThemeRefused(f"texts.toml: the braces of {name}.{key} do not match") from None
    return dict(texts)


def _ensure_can_be_filled_in(key: str, text: str) -> None:
    """Raise ThemeRefused for a format that words do not have, such as `{email:d}`."""
    try:
        text.format(**dict.fromkeys(_words(text), "an example"))
    except (KeyError, ValueError) as error:
        raise ThemeRefused(f"texts.toml: {key} cannot be filled in: {error}") from None


def _words(text: str) -> set[str]:
    """The words in braces."""
    return {word for _, word, _, _ in Formatter().parse(text) if word is not None}
