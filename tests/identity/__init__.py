"""Tests of the identity service by itself: its rules, over HTTP and in its tables."""
