"""The RSA keys that sign tokens: sealed in the database, rotated by the clock, published as a JWKS.

This package signs any claims; who may have a token is decided in `tokens` and `oauth`.
"""
