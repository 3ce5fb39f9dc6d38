"""Device grants (RFC 8628): a device without a browser asks for a session, and a person allows it in a browser."""
