"""The OpenAPI documents: they are valid, the services answer as they say, and clients made from them work."""
