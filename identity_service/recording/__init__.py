"""The audit row and the security events of a change, written in its transaction."""
