"""What `make up`, `make down` and `make roll` do beside `docker compose`. The standard library is all it needs."""
