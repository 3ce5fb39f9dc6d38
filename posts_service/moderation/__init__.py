"""What readers report, and what moderators do about it."""
