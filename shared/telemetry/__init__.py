"""What an operator sees of a service from outside: figures of its parts, traces of its requests.

It measures and reports; nothing that a service does depends on it.
"""
