"""Half-open sign-ins: the password was right, and the second factor has not been shown yet."""
