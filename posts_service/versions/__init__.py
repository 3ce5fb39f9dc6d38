"""The former versions of posts."""
