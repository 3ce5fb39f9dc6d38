"""What every Postern service must do alike: errors, the database, logs, and above all who is calling.

It knows no user and no post. A service of your own imports this package to obey the same tokens.
"""
