"""Authorization codes: what a client trades in for the tokens of a session (RFC 6749 section 4.1)."""
