"""Authenticating people: the password, and the cookie of a browser that has signed in."""
