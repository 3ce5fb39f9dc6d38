"""The certificate authorities that this process trusts, read once: reading them holds everything up for a moment."""

import ssl
from functools import cache

import httpx


@cache
def ssl_context() -> ssl.SSLContext:
    """As httpx has it: those of SSL_CERT_FILE or SSL_CERT_DIR, and where neither is set, those of certifi."""
    return httpx.create_ssl_context()
