"""The command line: click commands without logic of their own."""

from labframe.cli.main import main

__all__ = ["main"]
