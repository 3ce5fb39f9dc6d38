"""Services of your own beside Postern's, each in one file."""
