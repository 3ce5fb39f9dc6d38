"""Verify access tokens locally, and obey a logout, a ban or a lost role within a second.

The library knows no user and no post. A service installs it to accept the tokens of a Watchword issuer.
"""

__version__ = "0.1.0"
