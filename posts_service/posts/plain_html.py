"""Text as HTML that has no markup of its own."""

from html import escape


def plain_paragraphs(text: str) -> str:
    """The text as paragraphs, divided where it has empty lines: for a post that has not been rendered."""
    return "".join(f"<p>{escape(part.strip())}</p>" for part in text.split("\n\n") if part.strip())
