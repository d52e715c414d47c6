"""What labframe costs, beside the obvious way to do the same: see README.md."""
