"""Posts: written by their author, read by everybody once they are published, changed by nobody else."""
