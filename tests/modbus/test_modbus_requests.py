"""Modbus requests and their answers, compared with pymodbus, which shares nothing with ours."""

from __future__ import annotations

from typing import Any

import pymodbus.pdu.bit_message as bits
import pymodbus.pdu.register_message as registers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.diag_message import ReturnQueryDataRequest

from labframe import LabframeError
from labframe.errors import BadReply
from labframe.modbus import REFUSALS, Kind, ModbusRefused, ModbusRtu, Request, Table, encoded
from labframe.modbus import requests as ours

units = st.integers(1, 247)
firsts = st.integers(0, 65535)
words = st.lists(st.integers(0, 65535), min_size=1, max_size=123)
flags = st.lists(st.booleans(), min_size=1, max_size=1968)

READS: dict[Table, tuple[type[ModbusPDU], type[ModbusPDU], int]] = {
    "coil": (bits.ReadCoilsRequest, bits.ReadCoilsResponse, 2000),
    "discrete": (bits.ReadDiscreteInputsRequest, bits.ReadDiscreteInputsResponse, 2000),
    "holding": (registers.ReadHoldingRegistersRequest, registers.ReadHoldingRegistersResponse, 125),
    "input": (registers.ReadInputRegistersRequest, registers.ReadInputRegistersResponse, 125),
}


def theirs(message: ModbusPDU, *, from_instrument: bool = False) -> bytes:
    """Return the frame that pymodbus writes."""
    return FramerRTU(DecodePDU(not from_instrument)).buildFrame(message)


def packed(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def decoded(frame: bytes) -> bytes:
    payload = ModbusRtu().decoder().feed(frame)
    assert payload is not None
    return payload


@given(table=st.sampled_from(list(READS)), unit=units, first=firsts, data=st.data())
def test_pymodbus_reads_with_the_same_bytes(
    table: Table, unit: int, first: int, data: st.DataObject
) -> None:
    message, _, most = READS[table]
    count = data.draw(st.integers(1, min(most, 65536 - first)))
    request = ours.read(unit, table, first, count)

    expected = theirs(message(dev_id=unit, address=first, count=count))
    assert ModbusRtu().encode(request.payload) == expected


@given(unit=units, first=st.integers(0, 60000), values=words)
def test_pymodbus_writes_registers_with_the_same_bytes(
    unit: int, first: int, values: list[int]
) -> None:
    many = registers.WriteMultipleRegistersRequest(dev_id=unit, address=first, registers=values)
    one = registers.WriteSingleRegisterRequest(dev_id=unit, address=first, registers=values[:1])

    request = ours.write_registers(unit, first, packed(values))
    assert ModbusRtu().encode(request.payload) == theirs(many)
    request = ours.write_register(unit, first, packed(values[:1]))
    assert ModbusRtu().encode(request.payload) == theirs(one)


@given(unit=units, first=st.integers(0, 60000), values=flags)
def test_pymodbus_writes_bits_with_the_same_bytes(
    unit: int, first: int, values: list[bool]
) -> None:
    many = bits.WriteMultipleCoilsRequest(dev_id=unit, address=first, bits=values)
    one = bits.WriteSingleCoilRequest(dev_id=unit, address=first, bits=values[:1])

    assert ModbusRtu().encode(ours.write_coils(unit, first, values).payload) == theirs(many)
    assert ModbusRtu().encode(ours.write_coil(unit, first, values[0]).payload) == theirs(one)


def test_pymodbus_has_its_bytes_returned_with_the_same_bytes() -> None:
    message = ReturnQueryDataRequest(b"\xa5\x37", dev_id=9)
    assert ModbusRtu().encode(ours.diagnose(9).payload) == theirs(message)


@given(unit=units, values=st.lists(st.integers(0, 65535), min_size=1, max_size=125))
def test_an_answer_of_pymodbus_is_read(unit: int, values: list[int]) -> None:
    for table in ("holding", "input"):
        _, message, _ = READS[table]
        frame = theirs(message(dev_id=unit, registers=values), from_instrument=True)
        request = ours.read(unit, table, 7, len(values))
        assert request.answered(decoded(frame), "it") == packed(values)


@given(unit=units, values=st.lists(st.booleans(), min_size=1, max_size=2000))
def test_an_answer_of_pymodbus_with_bits_is_read(unit: int, values: list[bool]) -> None:
    for table in ("coil", "discrete"):
        _, message, _ = READS[table]
        frame = theirs(message(dev_id=unit, bits=values), from_instrument=True)
        request = ours.read(unit, table, 7, len(values))
        data = request.answered(decoded(frame), "it")
        assert ours.bits_in(data, len(values)) == values


def test_what_pymodbus_acknowledges_is_taken() -> None:
    answers: list[tuple[Request, ModbusPDU]] = [
        (
            ours.write_registers(3, 9, b"\0\1\0\2"),
            registers.WriteMultipleRegistersResponse(dev_id=3, address=9, count=2),
        ),
        (
            ours.write_register(3, 9, b"\0\1"),
            registers.WriteSingleRegisterResponse(dev_id=3, address=9, registers=[1]),
        ),
        (
            ours.write_coils(3, 9, [True, False]),
            bits.WriteMultipleCoilsResponse(dev_id=3, address=9, count=2),
        ),
        (
            ours.write_coil(3, 9, True),
            bits.WriteSingleCoilResponse(dev_id=3, address=9, bits=[True]),
        ),
    ]
    for request, message in answers:
        assert request.answered(decoded(theirs(message, from_instrument=True)), "it") == b""
        other = bytearray(theirs(message, from_instrument=True)[:-2])
        other[-1] ^= 1
        with pytest.raises(BadReply, match="it does not repeat"):
            request.answered(bytes(other), "it")


@pytest.mark.parametrize("code", [*REFUSALS, 0x55])
def test_an_exception_of_pymodbus_is_an_error_with_its_meaning(code: int) -> None:
    frame = theirs(ExceptionResponse(3, code, device_id=5), from_instrument=True)
    with pytest.raises(
        ModbusRefused, match=rf"mfc: .* to read 2 holding registers from 0x0006: .*{code:02X}, "
    ) as caught:
        ours.read(5, "holding", 6, 2).answered(decoded(frame), "mfc")
    assert type(caught.value) is REFUSALS.get(code, ModbusRefused)
    assert caught.value.code == code
    assert caught.value.meaning in str(caught.value)
    assert isinstance(caught.value, LabframeError)


DATATYPE: Any = ModbusClientMixin.DATATYPE


@given(value=st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_pymodbus_has_the_same_float_in_both_orders_of_words(value: float) -> None:
    convert = ModbusClientMixin.convert_to_registers
    assert encoded(value, "float32") == packed(convert(value, DATATYPE.FLOAT32, "big"))
    assert encoded(value, "float32", "CDAB") == packed(convert(value, DATATYPE.FLOAT32, "little"))


@given(value=st.integers(-(2**31), 2**31 - 1))
def test_pymodbus_has_the_same_whole_numbers(value: int) -> None:
    kinds: dict[Kind, int] = {
        "int16": value >> 16, "uint16": value % 2**16, "int32": value, "uint32": value % 2**32,
        "int64": value * 2**31, "uint64": value % 2**64,
    }  # fmt: skip
    for kind, one in kinds.items():
        registers_of = ModbusClientMixin.convert_to_registers(one, DATATYPE[kind.upper()], "big")
        assert encoded(one, kind) == packed(registers_of)


@given(reply=st.binary(max_size=12))
def test_what_is_no_answer_is_never_data(reply: bytes) -> None:
    request = ours.read(1, "holding", 0, 2)
    try:
        data = request.answered(reply, "it")
    except (BadReply, ModbusRefused):
        return
    assert reply == b"\x01\x03\x04" + data
    assert len(data) == 4


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("02 03 04 00 00 00 00", "not from unit 1"),
        ("01 04 04 00 00 00 00", "not to function 03"),
        ("01 84 02", "not to function 03"),
        ("01 03 02 00 00", "2 bytes of data, not 4"),
        ("01 03 04 00 00", "2 bytes of data, not 4"),
        ("01 83 02 00", "not to function 03"),
    ],
)
def test_an_answer_to_something_else_is_told_apart(reply: str, why: str) -> None:
    with pytest.raises(BadReply, match=f"mfc: .* is no answer to the request to read .*: {why}"):
        ours.read(1, "holding", 0, 2).answered(bytes.fromhex(reply), "mfc")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: ours.read(248, "holding", 0), "unit = 248: not 1 to 247"),
        (lambda: ours.read(0, "holding", 0), "a broadcast, which nobody answers"),
        (lambda: ours.read(1, "holding", 0, 126), "126 at once: not 1 to 125"),
        (lambda: ours.read(1, "holding", 0, 0), "0 at once"),
        (lambda: ours.read(1, "coil", 0, 2001), "2001 at once: not 1 to 2000"),
        (lambda: ours.read(1, "holding", 65535, 2), "register 65535 and 1 more"),
        (lambda: ours.read(1, "holding", 400001), "Is 40001 meant"),
        (lambda: ours.read(1, "coils", 0), "table = 'coils': not one of coil, discrete"),
        (lambda: ours.write_registers(1, 0, b"\0"), "not whole registers"),
        (lambda: ours.write_registers(1, 0, bytes(248)), "124 at once: not 1 to 123"),
        (lambda: ours.write_coils(1, 0, []), "0 at once"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_it_is_sent(ask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask()
