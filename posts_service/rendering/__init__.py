"""Turns the Markdown that people write into safe HTML, when it is written."""
