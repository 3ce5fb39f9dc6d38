"""One session is one sign-in on one device: one family of refresh tokens, which begins, rotates and ends here."""
