"""The services that tokens are meant for: each has one audience, its scopes and its permissions."""
