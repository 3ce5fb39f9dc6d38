"""What people write below posts."""
