"""The applications that ask for tokens, what each may ask for, and how it proves who it is."""
