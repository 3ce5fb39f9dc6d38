"""The OpenAPI documents: that they are valid, that the services answer as they say, and that clients made from them work."""
