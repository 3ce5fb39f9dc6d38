"""Signing people in on a service's own pages, with OpenID Connect's authorization code flow.

The service is a confidential client of the issuer. It holds the refresh token in a sealed cookie of its own, and a page
gets nothing but short-lived access tokens, for its memory.
"""

from watchword.pages.installation import install
from watchword.pages.settings import PagesSettings

__all__ = ["PagesSettings", "install"]
