"""Conditional requests (RFC 9110 section 13)."""


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether an If-None-Match field names this entity tag (weak comparison) or any. False if there is no field."""
    return if_none_match is not None and any(tag.removeprefix("W/") in ("*", etag) for tag in _tags(if_none_match))


def is_expected(if_match: str | None, etag: str) -> bool:
    """Whether an If-Match field names this entity tag (strong comparison) or any. True if there is no field."""
    return if_match is None or any(tag in ("*", etag) for tag in _tags(if_match))


def _tags(field: str) -> list[str]:
    return [tag.strip() for tag in field.split(",")]
