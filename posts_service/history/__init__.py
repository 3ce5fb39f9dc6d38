"""What a post was before its edits: read, and restored."""
