"""Posts: their authors and moderators change them; everybody reads those that are published."""
