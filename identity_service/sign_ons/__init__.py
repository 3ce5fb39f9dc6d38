"""One sign-on is a person in one browser at this service: it begins with a password, and ends with every other one."""
