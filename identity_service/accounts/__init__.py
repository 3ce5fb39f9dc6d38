"""Registering, changing and deleting accounts."""
