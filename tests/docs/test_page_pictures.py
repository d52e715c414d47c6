"""The pictures of the live page: all there, all shown, none too large for a page."""

import re
import struct
from pathlib import Path

PAGE = "how-to/live-page.md"


def test_every_picture_of_the_page_is_shown_and_is_one(docs: Path) -> None:
    pictures = {path.name for path in (docs / "_static").glob("page-*.png")}
    shown = set(re.findall(r"_static/(page-[\w-]+\.png)", (docs / PAGE).read_text("utf-8")))

    assert pictures == shown
    for name in pictures:
        content = (docs / "_static" / name).read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert content.startswith(b"\x89PNG")
        assert (width, height) in {(1440, 860), (390, 844)}
        assert 10_000 < len(content) < 250_000
    assert "(docs/_static/page-overview.png)" in (docs.parent / "README.md").read_text("utf-8")
