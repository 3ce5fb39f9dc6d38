"""Tests of what holds for whole services rather than for one module."""
