"""What the issuer's security events mean here, beyond the revocations that every service obeys."""
