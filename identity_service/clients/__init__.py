"""The applications that ask for tokens: how each authenticates, and what it may ask for."""
