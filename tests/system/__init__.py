"""Tests across both services: real processes and sockets, some of which are stopped and killed under load."""
