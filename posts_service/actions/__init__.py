"""The record of what moderators do to what is others'."""
