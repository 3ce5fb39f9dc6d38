"""What takes longer than a test: many open connections, and much coming and going."""
