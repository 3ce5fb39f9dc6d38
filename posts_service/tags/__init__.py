"""The tags of posts, and how many posts have each."""
