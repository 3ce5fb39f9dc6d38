"""The feed of published posts for feed readers."""
