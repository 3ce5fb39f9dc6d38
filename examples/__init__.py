"""Services beside identity and posts, each in one file."""
