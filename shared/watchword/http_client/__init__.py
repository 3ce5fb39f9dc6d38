"""Calling another service: an HTTP client that carries the request id and the trace."""
