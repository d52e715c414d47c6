"""Plugins that come with labframe: what extends the host."""
