"""Executing a command on its worker's thread, and saying what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from labframe.commands import answers
from labframe.commands.interlocks import Interlocks
from labframe.commands.methods import Method
from labframe.commands.pending import Pending
from labframe.errors import Expired, LabframeError, LineError, Refusal
from labframe.points import Reading
from labframe.protocol.push import ReturnFormat
from labframe.worker import State

__all__ = ["Execution"]


class Execution:
    """Executes commands, and knows what was set.

    Args:
        interlocks: Asked right before a command is executed.
        look: Returns the newest reading of a codename with its present quality, for them.
        return_format: How what it returned is written.
    """

    def __init__(
        self,
        interlocks: Interlocks,
        look: Callable[[str], Reading | None],
        return_format: ReturnFormat,
    ) -> None:
        self._interlocks = interlocks
        self._look = look
        self._form = return_format
        self._set: dict[str, Mapping[str, Any]] = {}

    def check_connected(self, method: Method) -> None:
        """Refuse a command whose instrument is not there; any thread may ask.

        Raises:
            Refusal: If it is not.
        """
        if not method.member.connected:
            status = method.member.status()
            state = State.DISCONNECTED if status.state is State.OK else status.state
            why = f": {status.error}" if status.error else ""
            raise Refusal(
                "NOT_CONNECTED", f"{method.method}: not executed: {status.name} is {state}{why}"
            )

    def run(self, pending: Pending) -> bytes:
        """Execute a command, or say what it would do; return the final answer."""
        method = pending.method
        assert method is not None
        try:
            self.check_connected(method)
            self._check_deadline(pending)
            if method.is_command:
                self._interlocks.check(pending.command, self._look)
                self._check_deadline(pending)
        except Refusal as error:
            return answers.refused(error)
        if pending.request.dry_run:
            return self._dry(pending)
        return self._carried_out(pending)[0]

    def run_again(self, pending: Pending) -> tuple[bytes, LineError | None]:
        """Set something again after a reconnect; return the answer, and the line's error."""
        try:
            self._interlocks.check(pending.command, self._look)
        except Refusal as error:
            return answers.refused(error), None
        return self._carried_out(pending, is_again=True)

    def after_reconnect(self, method: Method) -> Mapping[str, Any] | None:
        """Return the arguments that a setting is to be set to again; None if it is not."""
        declaration = method.declaration
        if declaration is None or method.method not in self._set:
            return None
        if declaration.after_reconnect == "forget":
            del self._set[method.method]
            return None
        return self._set[method.method] if declaration.after_reconnect == "reapply" else None

    def old_value(self, method: Method) -> Any:
        """Return what a command would change, as it was last read, or else last set, or None."""
        old = method.old_value()
        return self._set.get(method.method) if old is None else old

    def _check_deadline(self, pending: Pending) -> None:
        if monotonic() > pending.begin_by:
            raise Refusal(
                "EXPIRED",
                f"{pending.request.method}: not executed: its turn did not come within "
                f"{pending.request.deadline_s:g} s",
            )

    def _dry(self, pending: Pending) -> bytes:
        method = pending.method
        assert method is not None
        units = {one.name: one.unit for one in method.arguments}
        told = ", ".join(
            f"{name} = {value!r}" + (f" {units[name]}" if units[name] not in (None, "1") else "")
            for name, value in pending.arguments.items()
        )
        return answers.returned(
            method.method,
            {
                "dry_run": True,
                "method": method.method,
                "arguments": dict(pending.arguments),
                "would_send": f"{method.method}({told})",
                "to": method.member.status().port,
                "interlocks": self._interlocks.of(method.method) if method.is_command else [],
            },
            "json" if self._form == "raw" else self._form,
        )

    def _carried_out(
        self, pending: Pending, *, is_again: bool = False
    ) -> tuple[bytes, LineError | None]:
        """Call the driver; return the final answer, and what went wrong with the line."""
        method = pending.method
        assert method is not None
        line = method.member.line
        before = 0 if line is None else line.requests
        if line is not None and not is_again:
            line.begin_by = pending.begin_by
        pending.has_begun = True
        try:
            value = method.worker.perform(
                method.member, method.name, lambda: self._called(method, pending.arguments),
                is_connecting=is_again,
            )  # fmt: skip
        except Expired as error:
            return answers.refused(Refusal("EXPIRED", f"{method.method}: {error}")), None
        except _ReadBack as error:
            self._set.pop(method.method, None)
            return answers.failed("READ_BACK", f"{method.method}: {error}"), None
        except BaseException as error:  # noqa: BLE001  # a driver is a plugin
            has_begun = line is None or line.requests > before
            if has_begun and not is_again:  # nobody knows what it is set to, and what was before
                self._set.pop(method.method, None)  # is not wanted any more
            return _what_went_wrong(method, error, has_begun=has_begun), (
                error if isinstance(error, LineError) else None
            )
        finally:
            if line is not None:
                line.begin_by = None
        if method.is_command and pending.arguments:
            self._set[method.method] = pending.arguments
        return answers.returned(method.method, value, self._form), None

    def _called(self, method: Method, arguments: Mapping[str, Any]) -> Any:
        value = method.call(arguments)
        is_right, found = method.read_back(arguments)
        if not is_right:
            (wanted,) = arguments.values()
            raise _ReadBack(f"set to {wanted!r}, but the instrument tells {found!r}")
        return found if value is None else value


class _ReadBack(LabframeError):
    """What was read back is not what was set."""


def _what_went_wrong(method: Method, error: BaseException, *, has_begun: bool) -> bytes:
    text = answers.told(error)
    if not isinstance(error, LabframeError):
        text = f"{type(error).__name__}: {text}"
    if not isinstance(error, LineError):
        return answers.failed(answers.FAILED, f"{method.method}: {text}")
    if not has_begun:
        return answers.refused(Refusal("NOT_CONNECTED", f"{method.method}: not executed: {text}"))
    return answers.failed(
        answers.UNKNOWN,
        f"{method.method}: it was sent, and whether it was executed is not known: {text}",
    )
