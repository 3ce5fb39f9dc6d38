"""What `make up` and `make roll` do beside `docker compose`. The standard library is all it needs."""
