"""What the faults do to one answer; the names are those of the vocabulary in ``faults``."""

from __future__ import annotations

from functools import partial

from labframe.simulation import fault_bytes
from labframe.simulation.core import Answer, HoldsOutput
from labframe.simulation.fault_kind import Moment

__all__: list[str] = []  # used as a module

_SETTLE_S = 0.01
"""From the last byte to the moment at which the cable is pulled: the client has read it by then."""
_CHUNK_S = 0.01

# Faults of the bytes.


def truncate(_: Moment, data: bytes, n: int | None) -> bytes:
    """Send the first bytes."""
    return data[: len(data) // 2 if n is None else n]


def drop(_: Moment, data: bytes, i: int) -> bytes:
    """Lose one byte."""
    return fault_bytes.dropped(data, i)


def garble(_: Moment, data: bytes, i: int, xor: int) -> bytes:
    """Turn bits over."""
    return fault_bytes.garbled(data, i, xor)


def bad_checksum(moment: Moment, data: bytes) -> bytes | None:
    """Have a wrong checksum."""
    return moment.simulator.spoiled_checksum(data)


def noise_before(_: Moment, data: bytes, noise: bytes) -> bytes:
    """Begin with noise."""
    return noise + data


def noise_after(_: Moment, data: bytes, noise: bytes) -> bytes:
    """End with noise."""
    return data + noise


def parity_noise(_: Moment, data: bytes, parity: str) -> bytes:
    """Carry parity bits."""
    return fault_bytes.with_parity(data, parity)


def duplicate(_: Moment, data: bytes) -> bytes:
    """Come twice."""
    return data + data


def stale_first(moment: Moment, data: bytes) -> bytes:
    """Come behind the answer before."""
    return moment.previous + data


def wrong_address(moment: Moment, data: bytes) -> bytes | None:
    """Come from another address."""
    return moment.simulator.readdressed(data)


def wrong_terminator(moment: Moment, data: bytes, terminator: bytes | None) -> bytes | None:
    """End otherwise."""
    end = moment.simulator.line_end(data)
    if not end:
        return None
    other = {b"\r\n": b"\n", b"\n": b"\r"}.get(end, b"\n")
    return data.removesuffix(end) + (other if terminator is None else terminator)


def extra_line(moment: Moment, data: bytes, line: bytes, before: bool) -> bytes | None:
    """Bring a line that nobody asked for."""
    end = moment.simulator.line_end(data)
    if not end:
        return None
    return line + end + data if before else data + line + end


def device_error(moment: Moment, _: bytes, code: str) -> bytes | None:
    """Be a refusal."""
    return moment.simulator.device_error(moment.request, code)


def busy(moment: Moment, _: bytes) -> bytes | None:
    """Say that it is busy."""
    return moment.simulator.busy(moment.request)


def nan_text(moment: Moment, data: bytes, text: bytes) -> bytes | None:
    """Have a text for a number."""
    return moment.simulator.no_number(moment.request, data, text)


def wrong_baud(moment: Moment, data: bytes, baud: int | None) -> bytes:
    """Be sent at another rate."""
    ratio = 0.5 if baud is None else baud / moment.baudrate
    return data if ratio == 1 else fault_bytes.misread(data, ratio)


def bus_collision(moment: Moment, data: bytes, shift: int) -> bytes:
    """Collide with another answer."""
    return fault_bytes.collided(data, moment.previous or data, shift)


# Faults of the wire.


def no_answer(_: Moment, answers: list[Answer]) -> list[Answer] | None:
    """Stay away."""
    return [] if answers else None


def late(_: Moment, answers: list[Answer], s: float) -> list[Answer] | None:
    """Come later."""
    return [Answer(answer.data, answer.delay_s + s) for answer in answers] or None


def pace(moment: Moment, answers: list[Answer], baud: int | None) -> list[Answer] | None:
    """Come byte by byte."""
    byte_s = 10 / (baud or moment.baudrate / 10)
    return [
        Answer(answer.data[index : index + 1], answer.delay_s + (index + 1) * byte_s)
        for answer in answers
        for index in range(len(answer.data))
    ] or None


def split(_: Moment, answers: list[Answer], at: int | None, gap: float) -> list[Answer] | None:
    """Come in two pieces."""
    size = sum(len(answer.data) for answer in answers)
    place = size // 2 if at is None else at
    if not 0 < place < size:
        return None
    first, second = _parted(answers, place)
    return [*first, *(Answer(answer.data, answer.delay_s + gap) for answer in second)]


def echo(moment: Moment, answers: list[Answer]) -> list[Answer] | None:
    """Come behind the request."""
    return [Answer(moment.request), *answers] if moment.request else None


def overflow(moment: Moment, answers: list[Answer], s: float) -> list[Answer]:
    """Never end."""
    begins = answers[0].delay_s if answers else 0.0
    chunk = b"U" * max(int(moment.baudrate / 10 * _CHUNK_S), 1)
    return [Answer(chunk, begins + step * _CHUNK_S) for step in range(int(s / _CHUNK_S) + 1)]


def power_cycle(moment: Moment, _: list[Answer]) -> list[Answer] | None:
    """Be lost with the power."""
    return moment.simulator.power_cycled(moment.now)


def unplug(moment: Moment, answers: list[Answer], n: int | None) -> list[Answer]:
    """Be cut off."""
    carrier = moment.carrier
    assert carrier is not None  # or it would have been refused
    size = sum(len(answer.data) for answer in answers)
    sent, _ = _parted(answers, size // 2 if n is None else n)
    moment.at(_end_s(moment, sent or answers), carrier.unplug)
    return sent


def replug(
    moment: Moment, answers: list[Answer], new_node: bool, s: float, n: int | None
) -> list[Answer]:
    """Be cut off, until the cable is put back."""
    carrier = moment.carrier
    assert carrier is not None  # or it would have been refused
    sent = unplug(moment, answers, n)
    moment.at(_end_s(moment, sent or answers) + s, partial(carrier.replug, new_node=new_node))
    return sent


def write_blocked(moment: Moment, answers: list[Answer], s: float) -> list[Answer] | None:
    """Be the last one for a while."""
    carrier: object = moment.carrier
    assert isinstance(carrier, HoldsOutput)  # or it would have been refused
    carrier.hold_output()
    moment.at(s, partial(carrier.hold_output, is_held=False))
    return answers


def _end_s(moment: Moment, answers: list[Answer]) -> float:
    """Return when the answers have left at the instrument's baud rate, and were read."""
    begins_s = max((answer.delay_s for answer in answers), default=0.0)
    size = sum(len(answer.data) for answer in answers)
    return begins_s + size * 10 / moment.baudrate + _SETTLE_S


def _parted(answers: list[Answer], place: int) -> tuple[list[Answer], list[Answer]]:
    """Return the first ``place`` bytes of the answers, and the others."""
    first: list[Answer] = []
    second: list[Answer] = []
    for answer in answers:
        head, tail = answer.data[:place], answer.data[place:]
        place -= len(head)
        if head:
            first.append(Answer(head, answer.delay_s))
        if tail:
            second.append(Answer(tail, answer.delay_s))
    return first, second
