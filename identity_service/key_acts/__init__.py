"""What administrators do to keys: each act is recorded in its transaction."""
