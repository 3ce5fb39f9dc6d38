"""Proving who one is: the password, and the cookie that remembers it."""
