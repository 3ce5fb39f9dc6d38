"""Sign-ins in a browser that lack the second factor yet."""
