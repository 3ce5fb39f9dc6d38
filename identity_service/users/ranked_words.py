"""The word lists of zxcvbn in little memory."""

from collections.abc import Iterator, Mapping


class RankedWords:
    """Words and their ranks in a small part of the memory of a dictionary: one text for all words that have the same
    length and the same first character, each word on a line with its rank. It has `in` and `[]`, which is all that
    zxcvbn uses of its word lists.

    A lookup searches one text. None is long, so that no password takes much longer to judge than others do.
    """

    def __init__(self, ranks: Mapping[str, int]) -> None:
        longest = max(map(len, ranks), default=0)
        lines: list[dict[str, list[str]]] = [{} for _ in range(longest + 1)]
        for word, rank in ranks.items():
            lines[len(word)].setdefault(word[:1], ["\n"]).append(f"{word} {rank}\n")
        # By the length of the words, and then by their first character.
        self._texts = [{first: "".join(parts) for first, parts in of_length.items()} for of_length in lines]

    def __contains__(self, word: str) -> bool:
        if len(word) >= len(self._texts):
            return False
        text = self._texts[len(word)].get(word[:1])
        # Behind each line break of this text there is a whole word of this length, so nothing else is found.
        return text is not None and f"\n{word} " in text

    def __getitem__(self, word: str) -> int:
        if word not in self:
            raise KeyError(word)
        _, _, rest = self._texts[len(word)][word[:1]].partition(f"\n{word} ")
        return int(rest.partition("\n")[0])

    def texts(self) -> Iterator[str]:
        """Every text, of which a lookup searches one."""
        return (text for of_length in self._texts for text in of_length.values())
