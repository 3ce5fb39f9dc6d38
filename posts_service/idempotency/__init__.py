"""Changes that a client may send again: one key is one change, and each request with it gets the same answer."""
