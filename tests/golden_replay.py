"""Play recorded exchanges to a sockets module, and tell where it differs from the record.

``golden/README.md`` describes the records. Ports are free ones that the module itself takes (it is
given port 0), and nothing is waited for longer than it takes: an answer is received as soon as it
is there, and what is sent without an answer is complete when a datagram sent after it has arrived.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from golden_stage import Differs, Json, Stage
from udp import Receiver, ask_bytes

__all__ = ["Record", "difference", "load"]

_HANG_S: Final = 3.0
"""A call that takes longer is recorded as one that hangs."""

_DEFAULT_PORTS: Final = {"DateDataPullSocket": 9000, "DataPullSocket": 9010, "DataPushSocket": 8500}


@dataclass(frozen=True)
class Record:
    """One recorded exchange.

    Attributes:
        id: Its name.
        keep: Whether the original is to be followed; else what it did is a fault.
        kind: ``exchange``, ``constructor``, ``api`` or ``live``.
        data: All of it, as recorded.
    """

    id: str
    keep: bool
    kind: str
    data: Json

    @property
    def default_port(self) -> int | None:
        """The well-known port that the record needs; None where any will do."""
        setup = self.data["setup"]
        if self.kind == "live" or "port" in setup["kwargs"]:
            return None
        return _DEFAULT_PORTS[setup["class"]]

    @property
    def request(self) -> bytes:
        """The datagram of an ``exchange``."""
        if "request_repeat" in self.data:
            parts = self.data["request_repeat"]
            text: str = parts["before"] + parts["unit"] * parts["count"] + parts["after"]
            return text.encode()
        return bytes.fromhex(self.data["request_hex"])


def load(folder: Path) -> list[Record]:
    """Return the records of every ``.jsonl`` file of a folder."""
    items = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    return [Record(item["id"], item["quirk"] == "keep", item["kind"], item) for item in items]


def difference(record: Record, module: ModuleType) -> str | None:
    """Play a record; return what the module did differently, or None if it did the same."""
    with ExitStack() as stack:
        stage = Stage(module, stack)
        try:
            seen = _PLAYERS[record.kind](stage, record)
        except Differs as differs:
            return str(differs)
    for what, expected in record.data["expected"].items():
        got = seen.get(what)
        if not stage.same(expected, got, record.data.get("compare")):
            return f"{what}: {got!r} instead of {expected!r}"
    return None


# How each kind of record is played: what was seen, under the names that ``expected`` uses.


def _play_constructor(stage: Stage, record: Record) -> Json:
    _build_others(stage, record)
    try:
        stage.build(record.data["setup"])
    except Exception as error:  # noqa: BLE001  # whatever it is, it is compared
        return {"raises": _told(error)}
    return {"raises": None}


def _play_exchange(stage: Stage, record: Record) -> Json:
    data = record.data
    _build_others(stage, record)
    made = _build(stage, data["setup"])
    for step in data["steps"]:
        stage.do(made, step)
    response = _answer(made.port, record.request)
    seen: Json = {"response": response}
    if response is None:
        probe = b"commands" if data["setup"]["class"] == "DataPushSocket" else b"codenames_json"
        seen["alive_after"] = _answer(made.port, probe) is not None
    if "state" in data:
        seen["state"] = _state(stage, made, data["state"])
    return seen


def _play_api(stage: Stage, record: Record) -> Json:
    data = record.data
    made = _build(stage, data["setup"])
    for step in data["steps"]:
        stage.do(made, step)
    action = data["action"]
    if "data_entry" in action:
        entry = _entry(stage.module.DATA[made.port], action.get("drop", []))
        return {"outcome": "value", "value": entry}
    outcome, result = _within(_HANG_S, lambda: _act(stage, made, action))
    if outcome == "raised":
        return {"outcome": outcome, "raises": _told(result)}
    shown = type(result).__name__ if data.get("value_is") == "type" else repr(result)
    return {"outcome": outcome, "value": shown}


def _play_live(stage: Stage, record: Record) -> Json:
    data = record.data
    with Receiver() as receiver:
        stage.ports["live"] = receiver.address[1]
        made = _build(stage, data["setup"])
        raises = None
        try:
            for step in data["steps"]:
                stage.call(made, step)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is compared
            raises = _told(error)
        seen: Json = {
            "raises": raises,
            "datagrams": [message.decode() for message in receiver.received()],
        }
    if "internal_request" in data:
        seen["internal_response"] = _answer(stage.ports["int"], data["internal_request"].encode())
    return seen


_PLAYERS: Final[dict[str, Callable[[Stage, Record], Json]]] = {
    "api": _play_api,
    "constructor": _play_constructor,
    "exchange": _play_exchange,
    "live": _play_live,
}


def _build(stage: Stage, setup: Json) -> Any:
    try:
        return stage.build(setup)
    except (TypeError, ValueError) as error:
        raise Differs(f"{setup['class']} raised {error!r}") from error


def _build_others(stage: Stage, record: Record) -> None:
    for setup in record.data.get("others", []):
        stage.build(setup)


def _act(stage: Stage, made: Any, action: Json) -> Any:
    match action:
        case {"call": _}:
            return stage.call(made, action)
        case {"attribute": name}:
            return getattr(made, name)
        case {"constant": name}:
            return getattr(stage.module, name)
        case {"function": name, "args": arguments}:
            return getattr(stage.module, name)(*arguments)
    raise AssertionError(f"unknown action: {action}")


def _within(seconds: float, act: Callable[[], Any]) -> tuple[str, Any]:
    """Return ``("value", what)``, ``("raised", error)``, or ``("hangs", None)``."""
    outcome: list[tuple[str, Any]] = []

    def run() -> None:
        try:
            outcome.append(("value", act()))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is compared
            outcome.append(("raised", error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return outcome[0] if outcome else ("hangs", None)


def _told(error: Exception) -> Json:
    return {"type": type(error).__name__, "message": str(error)}


def _answer(port: int, request: bytes) -> str | None:
    try:
        return ask_bytes(port, request).decode("latin-1")  # as it was recorded
    except (TimeoutError, ConnectionError):
        return None


def _entry(entry: Json, drop: list[str]) -> Json:
    activity = dict(entry["activity"])
    if isinstance(activity["last_activity"], float):
        activity["last_activity"] = "unix-time"
    shown = {**entry, "activity": activity}
    return {name: repr(item) for name, item in shown.items() if name not in drop}


def _state(stage: Stage, made: Any, wanted: Iterable[str]) -> Json:
    state: Json = {}
    for what in wanted:
        match what:
            case "last" | "updated":
                moment, values = getattr(made, what)
                shown = "unix-time" if isinstance(moment, float) else moment
                state[what] = {"time": shown, "data": repr(values)}
            case "queue":
                items = made.queue
                state[what] = [repr(items.get_nowait()) for _ in range(items.qsize())]
    if "callback_log" in wanted:
        made.stop()  # which waits for what is queued: then the log is complete
        state["callback_log"] = stage.called
    return state
