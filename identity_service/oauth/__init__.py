"""The OAuth endpoints: tokens (RFC 6749), revocation (RFC 7009), introspection (RFC 7662), metadata (RFC 8414)."""
