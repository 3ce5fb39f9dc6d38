"""Requests to URLs that others have chosen: receivers of events, and clients that are told of sign-outs."""
