"""What people let the applications of others do with their accounts."""
