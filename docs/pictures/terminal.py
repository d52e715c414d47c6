"""Draw what `labframe watch` and `labframe status` show of the demonstration, as SVG files.

It runs the real commands on a pseudo-terminal and draws what is on the screen at the end:
`python docs/pictures/terminal.py` writes docs/_static/watch.svg and docs/_static/status.svg.
"""

import fcntl
import os
import re
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

LABFRAME = [sys.executable, "-m", "labframe"]
STATIC = Path(__file__).parents[1] / "_static"
ROWS, COLUMNS = 64, 112
ROUNDS = 30

CELL, LINE, MARGIN = 8.43, 17.0, 16.0
"""A character's width and a line's height for 14 px, so that the lines of tables meet; px."""
PAPER, INK = "#181b20", "#d7dce2"
COLOURS = {1: "#f0807a", 2: "#82be78"}
# The fonts are those that the reader has: a picture must not fetch anything.
FORM = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">
<style>
text {{ font: 14px "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }}
.bold {{ font-weight: bold }}
</style>
<rect width="100%" height="100%" rx="8" fill="{paper}"/>
{body}
</svg>
"""


def free_port(after: int) -> int:
    """Return a free port of four digits: as wide as the one that stands in its place."""
    for port in range(after, 10000):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SystemExit(f"no UDP port from {after} to 9999 is free; stop a program that holds one")


@contextmanager
def demonstration(pull: int, data: int) -> Iterator[None]:
    """Run the demonstration until everything that it says was said."""
    ports = ["--pull-port", str(pull), "--data-port", str(data), "--push-port", "0"]
    command = [*LABFRAME, "demo", *ports]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if "Ctrl-C" in line:
                    break
            yield
        finally:
            process.terminate()


def on_a_terminal(*words: str) -> str:
    """Return what a command writes to a terminal."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    size = {"COLUMNS": str(COLUMNS), "LINES": str(ROWS), "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [*LABFRAME, *words], stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, **size},
    )  # fmt: skip
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # so a pseudo-terminal ends
        pass
    os.close(ours)
    process.wait()
    return written.decode()


def last_frame(written: str) -> str:
    """Return what is on the screen at the end; colours are the only codes that are left."""
    frame = re.split(r"(?:\x1b\[1A\x1b\[2K)+", written)[-1]
    return re.sub(r"\x1b\[[?\d;]*[A-Za-ln-z]", "", frame).replace("\r", "").strip("\n")


def picture(frame: Text) -> str:
    """Return an SVG of a screen."""
    lines = [list(line.render(Console())) for line in frame.split("\n", allow_blank=True)]
    body = [
        piece for number, line in enumerate(lines) for piece in drawn(line, MARGIN + number * LINE)
    ]
    width = max(Segment.get_line_length(line) for line in lines) * CELL + 2 * MARGIN
    height = len(lines) * LINE + 2 * MARGIN
    return FORM.format(width=width, height=height, paper=PAPER, body="\n".join(body))


def drawn(line: list[Segment], top: float) -> Iterator[str]:
    """Return a line, each of its words at its own place: so columns stay straight in any font."""
    left = 0
    for text, style, _ in line:
        style = style or Style.null()
        colour = COLOURS.get(style.color.number or 0, INK) if style.color else INK
        if style.reverse:
            box = f'x="{MARGIN + left * CELL:.1f}" y="{top:.1f}" width="{len(text) * CELL:.1f}"'
            yield f'<rect {box} height="{LINE}" fill="{colour}"/>'
            colour = PAPER
        weight = ' class="bold"' if style.bold else ""
        for word in re.finditer(r"\S+", text):
            x, length = MARGIN + (left + word.start()) * CELL, len(word[0]) * CELL
            place = f'x="{x:.1f}" y="{top + 13:.1f}" textLength="{length:.1f}"'
            yield f'<text {place} fill="{colour}"{weight}>{escape(word[0])}</text>'
        left += len(text)


def main(directory: Path = STATIC, rounds: int = ROUNDS) -> None:
    """Draw both pictures."""
    pull = free_port(9100)
    data = free_port(pull + 1)
    with demonstration(pull, data):
        host = f"127.0.0.1:{pull}"
        for name, more in (
            ("watch", ["--count", str(rounds), "--interval", "0.5"]),
            ("status", []),
        ):
            frame = last_frame(on_a_terminal(name, host, *more))
            usual = frame.replace(str(pull), "9000").replace(str(data), "9010")
            prompt = Text.assemble(("$ ", "green"), (f"labframe {name} 127.0.0.1", "bold"), "\n")
            shown = prompt + Text.from_ansi(usual)
            (directory / f"{name}.svg").write_text(picture(shown), "utf-8")


if __name__ == "__main__":
    main()
