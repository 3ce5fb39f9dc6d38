"""Posts: only their author changes them; everybody reads them once they are published."""
