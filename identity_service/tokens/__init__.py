"""Access tokens and refresh tokens: minting them, and reading them."""
