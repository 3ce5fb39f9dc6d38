"""Server-sent events about new and changed posts."""
