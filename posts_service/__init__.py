"""A resource server for posts: whose post it is, and who may change it. It knows users only from their tokens."""
