"""What a person proves beside a password, or instead of it: codes of an authenticator app, recovery codes, passkeys."""
