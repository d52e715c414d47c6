"""Send a command to a labframe host, and know what became of it: with Python's own sockets alone.

python push_client.py METHOD [ARGUMENT=VALUE ...] [--host HOST] [--port PORT]
"""

from __future__ import annotations

import argparse
import json
import socket
import time
import uuid
from typing import Any

DEADLINE_S = 2.0
AGAIN_S = 0.5
PATIENCE_S = 10.0


class NotExecuted(Exception):
    """The host refused it, and nothing has changed; the first word says why."""


class Failed(Exception):
    """It was executed, and went wrong."""


class Unknown(Exception):
    """Nobody can tell yet whether it was executed."""


def execute(host: str, port: int, method: str, identity: str, **arguments: Any) -> Any:
    """Have a command executed once, however many datagrams get lost; return what it returned.

    Args:
        host: The computer of the host.
        port: The UDP port of its push socket.
        method: ``INSTRUMENT.COMMAND``.
        identity: A new one for each command. The same one asks for the outcome of the same command.
        arguments: Its arguments.

    Raises:
        NotExecuted: If it was refused.
        Failed: If it went wrong.
        Unknown: If there is no outcome after ``PATIENCE_S``.
    """
    began = time.monotonic()
    said = "no answer came"
    # A socket for each command: an answer that comes late is never taken for another command's.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((host, port))
        while (passed_s := time.monotonic() - began) < PATIENCE_S:
            left_s = max(DEADLINE_S - passed_s, 0.001)  # of the deadline, since it was first sent
            command = {"method": method, **arguments, "_id": identity, "_deadline": left_s}
            try:
                client.settimeout(AGAIN_S)
                client.send(f"json_wn#{json.dumps(command)}".encode())
                answer = client.recv(65507).decode()
            except TimeoutError:
                continue  # lost on the way there or back, or still under way: the id makes it safe
            except ConnectionRefusedError:
                said = "nobody listens there"
                time.sleep(AGAIN_S)  # a host that is started again still knows the id
                continue
            kind, _, text = answer.partition("#")
            if kind == "RET":
                return json.loads(text)
            if kind == "ERROR":
                raise NotExecuted(text)
            if not text.startswith("OUTCOME_UNKNOWN"):
                raise Failed(text)
            said = text
            time.sleep(AGAIN_S)  # it may still be under way; then the id brings the outcome
    raise Unknown(f"{said}; its id is {identity}")


def main() -> None:
    """Execute one command."""
    parser = argparse.ArgumentParser(description="Send a command to a labframe host.")
    parser.add_argument("method", help="INSTRUMENT.COMMAND")
    parser.add_argument("arguments", nargs="*", metavar="ARGUMENT=VALUE")
    parser.add_argument("--host", default="127.0.0.1", help="computer of the host")
    parser.add_argument("--port", type=int, default=8500, help="UDP port of its push socket")
    parser.add_argument("--id", default=str(uuid.uuid4()), help="of an earlier command, to ask for")
    options = parser.parse_args()

    arguments = dict(map(argument, options.arguments))
    try:
        print(execute(options.host, options.port, options.method, options.id, **arguments))
    except NotExecuted as refusal:
        raise SystemExit(f"not executed: {refusal}") from None
    except Failed as failure:
        raise SystemExit(f"failed: {failure}") from None
    except Unknown as unknown:
        raise SystemExit(f"outcome unknown: {unknown}") from None


def argument(text: str) -> tuple[str, Any]:
    """Return name and value of ``power=900``; what is no JSON is a text."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


if __name__ == "__main__":
    main()
