"""The administration over HTTP: one guard for all of it, and each act recorded with who did it."""
