"""What `make up`, `make down` and `make roll` do beside `docker compose`. It needs only the standard library."""
