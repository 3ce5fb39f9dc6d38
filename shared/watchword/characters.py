"""Which characters a reader can see."""

import unicodedata
from typing import Final

# Control and format characters, marks that are drawn on another character, and white space.
_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"})

# What other categories have without a form: fillers of Hangul, a pattern of Braille without dots, a note without a
# head, and code points that are reserved for invisible characters (Unicode's Default_Ignorable_Code_Point).
_OTHER_INVISIBLE: Final = frozenset(
    {
        *"\u115f\u1160\u3164\uffa0\u2800\u2065\U0001d159",
        *map(chr, range(0xFFF0, 0xFFF9)),
        *map(chr, range(0xE0000, 0xE1000)),
    }
)

# Format characters with a form of their own, drawn before a number or a word (Prepended_Concatenation_Mark).
_VISIBLE_FORMATS: Final = frozenset(
    {*map(chr, range(0x600, 0x606)), *"\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"}
)


def is_visible(character: str) -> bool:
    """Whether the character has a form of its own."""
    if unicodedata.category(character) in _INVISIBLE_CATEGORIES:
        return character in _VISIBLE_FORMATS
    return character not in _OTHER_INVISIBLE


def has_visible(text: str) -> bool:
    """Whether anything of the text can be seen. An invisible character beside visible ones is a part of what they
    say: a joiner in an emoji, in Persian, in a script of India."""
    return any(map(is_visible, text))
