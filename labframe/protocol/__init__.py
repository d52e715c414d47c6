"""Bytes to values and back: the wire protocol of the sockets. Pure: no socket, no clock."""
