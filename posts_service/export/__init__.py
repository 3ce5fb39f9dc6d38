"""Everything that a person has here, as lines of JSON."""
