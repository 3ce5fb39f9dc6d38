"""The Shared Signals transmitter (SSF 1.0): sends what happens here to every stream that requested it.

`recording` enqueues an event in the transaction of the change that causes it; this package delivers it.
"""
