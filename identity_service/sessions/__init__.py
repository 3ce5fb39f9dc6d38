"""A session is what one client gets of a sign-in: one family of refresh tokens, which begins, rotates and ends here."""
