"""A resource server: whose post it is, and who may change it. It knows users by their tokens alone."""
