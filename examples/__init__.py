"""Services of your own beside Watchword's, each in one file."""
