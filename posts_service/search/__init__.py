"""Full text search over the published posts."""
