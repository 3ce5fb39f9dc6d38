"""OpenID Connect Back-Channel Logout 1.0: a client that has registered a URI for it gets a logout token for each of its
sessions that ends."""
