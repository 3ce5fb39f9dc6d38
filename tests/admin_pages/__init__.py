"""Tests of the pages of the administration: over HTTP, with the sign-ons of people."""
