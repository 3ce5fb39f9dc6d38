"""Author cards: who wrote a post, by the name in their tokens. No call to identity, no shared table."""
