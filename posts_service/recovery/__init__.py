"""What an operator does after a restore of this database or of identity's."""
