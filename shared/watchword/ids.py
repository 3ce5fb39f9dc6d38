"""UUIDs in their canonical form."""

from uuid import UUID


def parse_uuid(text: object) -> UUID | None:
    """The UUID that `text` is the canonical form of (RFC 9562 section 4), else None.

    Other spellings are refused, so that comparing strings and comparing UUIDs agree.
    """
    if not isinstance(text, str):
        return None
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text else None
