"""Measurements, always of several things side by side in one run: `make bench`. Nothing here is asserted."""
