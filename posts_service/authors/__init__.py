"""The author card: who wrote a post, as their tokens name them. No call to identity, no shared table."""
