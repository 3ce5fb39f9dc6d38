"""What administrators change of services and clients, with what follows for roles, sessions and streams."""
