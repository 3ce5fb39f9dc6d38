"""What a tag may be, and the one way of writing it."""

import re
import unicodedata
from typing import Final

from watchword.characters import is_visible

MAX_CHARACTERS: Final = 32
MAX_TAGS: Final = 10
MARKS: Final = frozenset("-+#.")
_BLANKS: Final = re.compile(r"[\s_-]+")


class InvalidTag(ValueError):
    """The text cannot be a tag."""


def normalized(text: str) -> str:
    """The tag that this text means: `Machine  Learning` and `machine_learning` are `machine-learning`.

    A tag has letters, digits and `-+#.`, at least one letter or digit, and at most 32 characters. Raises InvalidTag.
    """
    # Folding can undo the normal form.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    tag = _BLANKS.sub("-", folded).strip("-")
    if len(tag) > MAX_CHARACTERS:
        raise InvalidTag(f"A tag should have at most {MAX_CHARACTERS} characters")
    if not all(character in MARKS or unicodedata.category(character)[0] in "LMN" for character in tag):
        raise InvalidTag("A tag should have letters, digits, spaces and -+#. alone")
    # Some fillers are letters.
    if not any(unicodedata.category(character)[0] in "LN" and is_visible(character) for character in tag):
        raise InvalidTag("A tag should have a letter or a digit")
    return tag
