"""Every Python block of the documentation and of README.md runs, and prints what it says.

A comment right before a block says what is special about it::

    <!-- not run: REASON -->                     it cannot run by itself
    <!-- beside: laser_server.py 8500 -->        run beside this example of docs/examples
    <!-- prints -->                              before a text block: what the block before prints
"""

import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from subprocess import Popen
from typing import NamedTuple

import pytest
from udp import default_ports

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```python\n(?P<code>.*?)^```\n"
    r"(?:\n<!-- prints -->\n```text\n(?P<printed>.*?)```\n)?",
    re.DOTALL | re.MULTILINE,
)
_TIMES = re.compile(r"\b1\d{9}\.\d+|\b\d\d:\d\d:\d\d\b")


class Snippet(NamedTuple):
    """One block of Python on a page."""

    page: Path
    line: int
    mark: str
    code: str
    printed: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    docs = ROOT / "docs"
    found = [path for path in docs.rglob("*.md") if "_build" not in path.parts]
    return [ROOT / "README.md", *sorted(found)]


def snippets() -> Iterator[Snippet]:
    for page in pages():
        text = page.read_text("utf-8")
        for block in _BLOCK.finditer(text):
            line = text.count("\n", 0, block.start("code")) + 1
            yield Snippet(page, line, block["mark"] or "", block["code"], block["printed"])


SNIPPETS = list(snippets())


@pytest.mark.parametrize(
    "snippet", [s for s in SNIPPETS if not s.mark.startswith("not run: ")], ids=str
)
def test_the_block_runs_and_prints_what_the_page_says(
    snippet: Snippet,
    run: Callable[..., "Popen[str]"],
    first_line: Callable[["Popen[str]"], str],
) -> None:
    # As many lines in front as on the page: a traceback names the line of the page.
    code = compile("\n" * (snippet.line - 1) + snippet.code, str(snippet.page), "exec")
    printed = StringIO()
    with default_ports(8000, 8500, 9000, 9010):
        if snippet.mark:
            kind, name, *ports = snippet.mark.split()
            assert kind == "beside:", f"{snippet}: the mark {snippet.mark!r} is unknown"
            first_line(run(name, *ports))
        with redirect_stdout(printed):
            exec(code, {"__name__": "__main__"})

    if snippet.printed is not None:
        assert _TIMES.sub("TIME", printed.getvalue()) == _TIMES.sub("TIME", snippet.printed)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_block_of_python_escapes_these_tests(page: Path) -> None:
    text = page.read_text("utf-8")
    found = len(_BLOCK.findall(text))

    assert len(re.findall(r"```+ *\{?(?:python|py\b|code-block\} *python)", text)) == found
    assert text.count("<!-- prints -->") == sum(
        s.printed is not None for s in SNIPPETS if s.page == page
    )
    marks = re.findall(r"<!-- (?:not run|beside): ", text)
    assert len(marks) == sum(bool(s.mark) for s in SNIPPETS if s.page == page)


def test_there_are_blocks_to_run() -> None:
    assert len(SNIPPETS) > 10
