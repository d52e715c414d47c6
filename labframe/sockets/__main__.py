"""``python -m labframe.sockets``: serve a sine to look at."""

from labframe.sockets import run_module

run_module()
