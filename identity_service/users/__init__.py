"""Accounts: a name, an e-mail address, a password. Signing in with them is the business of `sessions` and `oauth`."""
