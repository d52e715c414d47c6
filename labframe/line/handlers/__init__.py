"""URLs that pyserial learns from labframe; see :func:`labframe.line.register_urls`."""
