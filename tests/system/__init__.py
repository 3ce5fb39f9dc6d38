"""What crosses the services: real processes, real sockets, things stopped and killed while others ask."""
