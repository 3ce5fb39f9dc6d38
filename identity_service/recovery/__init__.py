"""What an operator does after a restore, or after the loss of a key: each act is recorded in its transaction."""
