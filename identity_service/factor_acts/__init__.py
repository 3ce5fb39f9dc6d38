"""What people do with the factors of their accounts, and administrators with those of others."""
