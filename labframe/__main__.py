"""``python -m labframe``: the same as the command ``labframe``."""

from labframe.cli import main

main()
