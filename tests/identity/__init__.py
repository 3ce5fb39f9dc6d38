"""The identity service by itself: each rule of it, asked over HTTP and read back from its tables."""
