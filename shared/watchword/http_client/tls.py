"""The certificate authorities that this process trusts, read once: reading them blocks the event loop for a moment."""

import ssl
from functools import cache

import httpx


@cache
def ssl_context() -> ssl.SSLContext:
    """The authorities that httpx uses: SSL_CERT_FILE or SSL_CERT_DIR, and if neither is set, certifi's."""
    return httpx.create_ssl_context()
