"""The sockets of a recorded exchange, and what the placeholders in the record stand for.

``golden/README.md`` describes the records.
"""

from __future__ import annotations

import ast
import builtins
import json
import queue
import re
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any, TypeAlias
from unittest.mock import patch

from udp import ask_bytes

__all__ = ["Differs", "Json", "Stage"]

Json: TypeAlias = "dict[str, Any]"


class Differs(Exception):
    """The module raised where the original went on."""


class Stage:
    """The sockets that a record needs, and what its placeholders stand for.

    Args:
        module: Where the classes are.
        stack: Stops the sockets in the end.

    Attributes:
        ports: The ports by their names in the record.
        called: What the callback was called with, as Python reprs.
    """

    def __init__(self, module: ModuleType, stack: ExitStack) -> None:
        self.module = module
        self.ports: dict[str, int] = {}
        self.called: list[str] = []
        self._moments: list[float] = []
        self._stack = stack

    def build(self, setup: Json) -> Any:
        """Make a socket, start it unless the record says no, and learn the port that it took."""
        before = set(self.module.DATA)
        made = getattr(self.module, setup["class"])(
            *self.value(setup["args"]), **self.value(setup["kwargs"])
        )
        self._stack.callback(made.stop)
        taken = set(self.module.DATA) - before
        for argument in setup["kwargs"].values():
            match argument:
                case {"$port": name} if name not in self.ports:
                    (self.ports[name],) = taken
        if setup.get("start", True):
            made.start()
        return made

    def do(self, target: Any, step: Json) -> None:
        """Do one of the ``steps`` of a record.

        Raises:
            Differs: If a call raises.
        """
        match step:
            case {"call": method}:
                try:
                    self.call(target, step)
                except Exception as error:
                    raise Differs(f"{method} raised {error!r}") from error
            case {"send": text}:
                ask_bytes(target.port, text.encode())
            case {"sleep": seconds}:
                time.sleep(seconds)
            case {"clock": moment}:
                self._stack.enter_context(patch("time.time", return_value=moment))
            case _:
                raise AssertionError(f"unknown step: {step}")

    def call(self, target: Any, step: Json) -> Any:
        """Call a method with the arguments of the record."""
        arguments, keywords = step.get("args", []), step.get("kwargs", {})
        return getattr(target, step["call"])(*self.value(arguments), **self.value(keywords))

    def value(self, recorded: Any) -> Any:
        """Return what a recorded argument stands for."""
        match recorded:
            case {"$port": name}:
                return self.ports.get(name, 0)
            case {"$now": offset}:
                self._moments.append(time.time() + offset)
                return self._moments[-1]
            case {"$float": text}:
                return float(text)
            case {"$tuple": items}:
                return tuple(self.value(items))
            case {"$py": text}:
                return ast.literal_eval(text)
            case {"$codenames": count}:
                return [f"name{number:05}" for number in range(count)]
            case {"$queue": _}:
                return queue.Queue()
            case {"$callback": behaviour}:
                return self._callback(behaviour)
            case dict():
                return {name: self.value(item) for name, item in recorded.items()}
            case list():
                return [self.value(item) for item in recorded]
        return recorded

    def _callback(self, behaviour: Json) -> Callable[[Json], Any]:
        def callback(values: Json) -> Any:
            self.called.append(repr(values))
            return _behave(behaviour, values)

        return callback

    def same(self, expected: Any, got: Any, compare: str | None) -> bool:
        """Tell whether what was seen is what was recorded.

        Args:
            expected: As recorded, with placeholders.
            got: As seen.
            compare: None, ``prefix`` or ``status``: what the record says about answers.
        """
        match expected:
            case str() if isinstance(got, str):
                if compare == "status":
                    return _lasting(self._filled(expected)) == _lasting(got)
                if compare == "prefix":
                    got = got[: len(expected)]
                head, mark, tail = self._filled(expected).partition("{{unix-time}}")
                middle = r"1[6-9]\d{8}\.\d+" if mark else ""
                return re.fullmatch(re.escape(head) + middle + re.escape(tail), got) is not None
            case dict() if isinstance(got, dict):
                return expected.keys() == got.keys() and all(
                    self.same(item, got[name], None) for name, item in expected.items()
                )
            case list() if isinstance(got, list):
                return len(expected) == len(got) and all(
                    self.same(one, other, None) for one, other in zip(expected, got, strict=True)
                )
        return bool(expected == got)

    def _filled(self, text: str) -> str:
        text = text.replace("{{hostname}}", json.dumps(socket.gethostname())[1:-1])
        for name, port in self.ports.items():
            text = text.replace(f"{{{{port:{name}}}}}", str(port))
        for index, moment in enumerate(self._moments):
            text = text.replace(f"{{{{now:{index}}}}}", repr(moment))
        return text


def _behave(behaviour: Json, values: Json) -> Any:
    """Do what a recorded callback did."""
    match behaviour:
        case {"kind": "echo"}:
            return values
        case {"kind": "none"}:
            return None
        case {"kind": "literal", "value": text}:
            return ast.literal_eval(text)
        case {"kind": "float", "value": text}:
            return float(text)
        case {"kind": "raise", "type": name, "args": arguments}:
            raise getattr(builtins, name)(*arguments)
        case {"kind": "pop_method"}:
            return f"called {values.pop('method')} with {','.join(sorted(values))}"
        case {"kind": "sleep", "seconds": seconds}:
            time.sleep(seconds)
            return "slept"
        case {"kind": "raise_if_bad"}:
            if values.get("bad"):
                raise ValueError("bad item")
            return None
    raise AssertionError(f"unknown callback: {behaviour}")


def _lasting(status: str) -> Json:
    """Return the part of a status answer that depends on neither the time nor the computer."""
    answer: Json = json.loads(status)
    answer["system_status"] = type(answer["system_status"])
    for server in answer["socket_server_status"].values():
        since = server["since_last_activity"]
        server["since_last_activity"] = "seconds" if isinstance(since, float) else since
    return answer
