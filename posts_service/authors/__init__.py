"""Author cards: the names of people who write, like, report or moderate, from their tokens and not from identity."""
