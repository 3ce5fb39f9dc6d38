"""The RSA keys behind the tokens: kept encrypted, rotated by the clock, published as a JWKS.

It signs what it is given; who may have a token is decided in `oauth`.
"""
