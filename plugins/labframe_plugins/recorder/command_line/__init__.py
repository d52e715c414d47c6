"""The command ``labframe history``: what was recorded, on the screen and in files."""
