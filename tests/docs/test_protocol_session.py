"""The session in docs/reference/protocol.md, sent again: the answers are those of the page."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from console import sessions
from udp import answer_if_any, ask_bytes


def exchanges(page: Path) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield port, request and answer of each line of the sessions on the page of the protocol."""
    for words, answer in sessions(page, "session"):
        if words[0] == "ask":
            port, request = words[1], words[2]
        else:  # echo TEXT | nc -u -w1 127.0.0.1 PORT; echo
            port, request = words[7].removesuffix(";"), f"{words[1]}\n"
        yield int(port), request.encode(), answer


def test_the_session_on_the_page_is_what_goes_over_the_network(
    docs: Path,
    run: Callable[..., "Popen[str]"],
    first_line: Callable[["Popen[str]"], str],
    interrupt: Callable[["Popen[str]"], str],
) -> None:
    server = run("session_server.py", 0, 0, 0)
    own_ports = map(int, re.findall(r"\d+", first_line(server)))
    ports = dict(zip((9000, 8500, 8501), own_ports, strict=True))
    shown = list(exchanges(docs / "reference" / "protocol.md"))

    assert len(shown) >= 25
    for port, request, answer in shown:
        if answer:
            assert ask_bytes(ports[port], request) == answer, request
        else:
            assert answer_if_any(ports[port], request) is None, request
    assert interrupt(server) == ""


@pytest.mark.parametrize(
    "text", ["OLD_DATA", "UNKNOWN_COMMMAND", "ACK#", "RET#", "EXCEP#", "ERROR#"]
)
def test_the_session_shows_every_kind_of_answer(docs: Path, text: str) -> None:
    answers = [answer.decode() for _, _, answer in exchanges(docs / "reference" / "protocol.md")]

    assert any(text in answer for answer in answers)
