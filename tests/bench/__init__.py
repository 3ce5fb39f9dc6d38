"""Measurements, always of several things side by side in one run: `make bench`. Some fail if they miss a budget."""
