"""Watchword on one machine without Docker: an embedded PostgreSQL, both services, and demo data for them.

This is for development and for trying things out, not for serving others: everything listens on 127.0.0.1, and the
secrets are in a file beside the data.
"""
