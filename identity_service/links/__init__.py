"""The links in letters: each lets its holder do one thing to one account, once."""
