"""The authorization server: it learns who you are and signs a token that says so. It knows nothing of posts."""
