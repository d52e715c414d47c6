"""Any instrument with text requests, played from the section that describes it to its driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from labframe.simulation import Answer, LineSimulator, Reply, Settable, SimulationError
from labframe_drivers.ascii.played import (
    Order,
    Query,
    identity_of,
    line_of,
    order_of,
    query_of,
    text_like,
)

__all__ = ["AsciiSimulator"]


class AsciiSimulator(LineSimulator):
    """An instrument that understands what a section of ``lab.toml`` says, and nothing else.

    What the section's readings ask can be set by the names of the readings. A command changes the
    reading that its ``read_back`` names.
    """

    driver = "ascii"
    terminator = b"\r\n"
    latency_s = Settable(0.005, "time from a request to its answer, s", limits=(0, 60))

    identity: ClassVar[str] = "labframe, simulated"
    queries: ClassVar[Mapping[str, Query]] = {}
    orders: ClassVar[tuple[Order, ...]] = ()
    identifies: ClassVar[str | None] = None
    silent: ClassVar[frozenset[str]] = frozenset()
    refusal: ClassVar[str | None] = None
    echo: ClassVar[str] = "none"
    encoding: ClassVar[str] = "ascii"
    ignores_case: ClassVar[bool] = False

    @classmethod
    def for_section(cls, section: Mapping[str, Any]) -> type[Self]:
        """Return the class that plays one instrument.

        Raises:
            SimulationError: If its answers cannot be made up; it says where an example is missing.
        """
        space = {**line_of(cls, section.get("line", {})), **identity_of(cls, section)}
        queries: dict[str, Query] = {}
        for name, reading in section.get("reading", {}).items():
            if "request" in reading:
                query, settables = query_of(cls, section, name, reading)
                queries.setdefault(cls.key(reading["request"]), query)
                space |= settables
        refusals = section.get("errors", ())
        commands = section.get("command", {}).items()
        space |= {
            "queries": queries,
            "orders": tuple(order_of(cls, section, name, one, space) for name, one in commands),
            "refusal": text_like(refusals[0], "errors") if refusals else None,
            "silent": frozenset(map(cls.key, section.get("setup", ()))),
            "no_number_text": (section.get("no_value") or ["-----"])[0].encode(),
            "__doc__": f"An instrument with {len(queries)} readings, simulated.",
            "__module__": cls.__module__,
        }
        if space["refusal"] is not None:
            space["error_answers"] = {"refused": space["refusal"].encode(space["encoding"])}
        made: type[Self] = type(cls.__name__, (cls,), space)
        return made

    @classmethod
    def plain(cls, request: str) -> str:
        """Return a request without what makes no difference."""
        return request

    @classmethod
    def key(cls, request: str) -> str:
        """Return a request as it is compared."""
        plain = cls.plain(request)
        return plain.upper() if cls.ignores_case else plain

    def feed(self, data: bytes, now: float) -> list[Answer]:
        """Answer each request; where requests have no terminator, what comes at once is one."""
        echoed = [Answer(data)] if self.echo == "local" else []
        if self.request_terminator != b"":
            return echoed + super().feed(data, now)
        reply = self.respond(data, now)
        return echoed + ([] if reply is None else self._timed(reply, now))

    def respond(self, line: bytes, now: float) -> Reply:
        """Return the answer to a request."""
        del now
        try:
            request = line.decode(self.encoding)
        except UnicodeDecodeError:
            request = "\0"  # which is no request
        answer = self.answer(self.plain(request))
        made = None if answer is None else answer.encode(self.encoding)
        if self.echo == "command":
            return [line] if made is None else [line, made]
        return made

    def answer(self, request: str) -> str | None:
        """Return the answer to a request; None: silence."""
        key = self.key(request)
        if key in self.queries:
            return self.queries[key].answer(self)
        if key == self.identifies:
            return self.identity
        for order in self.orders:
            found = order.pattern.fullmatch(request)
            if found is not None:
                return self.obeyed(order, found.groups())
        return None if key in self.silent else self.unknown(request)

    def obeyed(self, order: Order, arguments: tuple[str, ...]) -> str | None:
        """Do what an order says, and return what is answered."""
        if len(arguments) == 1:
            try:
                value = order.value(arguments[0].strip())
                if order.sets is not None:
                    setattr(self, order.sets, value)
            except (ValueError, SimulationError):
                return self.out_of_range()
        return order.answer

    def unknown(self, request: str) -> str | None:
        """Return what is answered to a request that it does not know."""
        del request
        return self.refusal

    def out_of_range(self) -> str | None:
        """Return what is answered to an argument that it does not take."""
        return self.refusal
