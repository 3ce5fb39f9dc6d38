"""The word lists of zxcvbn in little memory."""

from collections.abc import Mapping
from typing import Final

_PREFIX_LENGTH: Final = 2
"""How many characters the words of one text have in common. With fewer, the texts take longer to search; with more,
there are so many texts that little memory is saved."""


class RankedWords:
    """Words and their ranks in a fifth of the memory of a dictionary: one text for all words with the same prefix, each
    word on a line with its rank. It has `in` and `[]`, which is all that zxcvbn uses of its word lists."""

    def __init__(self, ranks: Mapping[str, int]) -> None:
        lines: dict[str, list[str]] = {}
        for word, rank in ranks.items():
            lines.setdefault(word[:_PREFIX_LENGTH], ["\n"]).append(f"{word} {rank}\n")
        self._texts = {prefix: "".join(parts) for prefix, parts in lines.items()}

    def __contains__(self, word: str) -> bool:
        text = self._texts.get(word[:_PREFIX_LENGTH])
        # A password part with a line break in it could match two lines.
        return text is not None and f"\n{word} " in text and "\n" not in word

    def __getitem__(self, word: str) -> int:
        if word not in self:
            raise KeyError(word)
        _, _, rest = self._texts[word[:_PREFIX_LENGTH]].partition(f"\n{word} ")
        return int(rest.partition("\n")[0])
