"""The names of posts in URLs, the former ones too."""
