"""Answering an act that revokes with which services obey it, if its caller prefers to wait for that (RFC 7240)."""
