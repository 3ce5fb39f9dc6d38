"""The pages of posts that people see."""
