"""Watchword on one machine without Docker: an embedded PostgreSQL, both services, and demo data for them.

This is for development and for trying things out. It is not a way to run Watchword for others: everything
listens on 127.0.0.1, and the secrets lie in a file next to the data.
"""
