"""The authorization endpoint (OpenID Connect Core section 3.1.2): what a client asks of a person in a browser, and the
answer that leads back to the client."""
