"""What the issuer's security events do here, beside the revocations that every service obeys."""
