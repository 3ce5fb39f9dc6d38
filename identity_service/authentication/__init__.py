"""Authenticating people: the password, the cookies of a browser, and a device that a person has allowed."""
