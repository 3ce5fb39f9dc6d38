"""The word lists of zxcvbn in little memory."""

from collections.abc import Mapping
from typing import Final

_BEGINNING: Final = 2
"""The characters that the words of one text have in common: with fewer the texts take longer to search, and with more
they are too many to save memory."""


class RankedWords:
    """Words and their ranks in a fifth of the memory of a dictionary: one text for all words that begin alike, each
    word in a line with its rank. It answers `in` and `[]`, which is all that zxcvbn asks of its word lists."""

    def __init__(self, ranks: Mapping[str, int]) -> None:
        lines: dict[str, list[str]] = {}
        for word, rank in ranks.items():
            lines.setdefault(word[:_BEGINNING], ["\n"]).append(f"{word} {rank}\n")
        self._texts = {beginning: "".join(parts) for beginning, parts in lines.items()}

    def __contains__(self, word: str) -> bool:
        text = self._texts.get(word[:_BEGINNING])
        # A part of a password that has a line break in it could match two lines.
        return text is not None and f"\n{word} " in text and "\n" not in word

    def __getitem__(self, word: str) -> int:
        if word not in self:
            raise KeyError(word)
        _, _, rest = self._texts[word[:_BEGINNING]].partition(f"\n{word} ")
        return int(rest.partition("\n")[0])
