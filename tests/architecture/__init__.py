"""Tests of what holds in all of the code: guards, schemas, sizes, names, the direction of imports."""
