"""Roles and the permissions they carry: what a person may do beyond what is theirs. Rows, listed in the token."""
