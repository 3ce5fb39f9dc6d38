"""The token endpoint (RFC 6749): one grant, one file; the clients that may ask; the metadata (RFC 8414)."""
