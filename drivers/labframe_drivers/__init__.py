"""Drivers that come with labframe: one folder an instrument."""
