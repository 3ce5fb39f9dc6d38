"""The posts service, tested over HTTP."""
