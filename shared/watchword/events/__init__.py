"""Security events (RFC 8417) by the vocabularies of CAEP and RISC, sent and received as OpenID Shared Signals 1.0 says.

What an event means here or there is each service's own business; this is how it travels.
"""
