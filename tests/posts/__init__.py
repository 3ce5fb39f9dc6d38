"""The posts service, asked over HTTP."""
