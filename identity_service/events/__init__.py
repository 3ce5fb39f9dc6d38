"""The Shared Signals transmitter (SSF 1.0): what happened here, told to every stream that asked for it.

An event is recorded in the transaction of the change that it tells of; sending it is another matter.
"""
