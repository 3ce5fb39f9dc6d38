"""Roles and their permissions: what a person may do beyond what is theirs. They are rows; every token lists them."""
