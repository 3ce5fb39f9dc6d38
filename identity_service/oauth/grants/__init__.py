"""The grants of RFC 6749: each trades something for tokens."""
