"""The table of users, and the hashing of their passwords. Use cases are in `accounts` and `authentication`."""
