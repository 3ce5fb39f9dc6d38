"""Readers who listen are told of new and changed posts, as server-sent events."""
