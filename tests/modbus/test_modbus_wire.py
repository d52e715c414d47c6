"""Our client with a server of pymodbus, its client with our simulator, ours with ours."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from modbus.registers import Registers, RegistersSimulator
from pymodbus.client import ModbusTcpClient
from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from labframe import ArgumentError, LineError
from labframe.errors import BadReply, NoReply
from labframe.modbus import IllegalAddress, IllegalFunction, IllegalValue
from labframe.simulation import Answer, SimulatedBus, SocketCarrier, modbus_crc
from labframe.testing import DriverContract, SimHandle

Sim = Callable[..., SimHandle]


@pytest.fixture
def labframe_carrier() -> str:
    """The contract is quick here; bundled drivers keep it on every carrier."""
    return "sim"


class TestRegisters(DriverContract):
    """What any Modbus driver gets from its class."""

    driver = Registers
    simulator = RegistersSimulator
    address = 9
    state = {"address": 9}


@pytest.fixture
def pymodbus_server() -> Iterator[str]:
    """A server of pymodbus that speaks RTU over TCP; unit 9 has a hundred registers."""
    loop = asyncio.new_event_loop()
    began = threading.Event()
    port = 0
    server: Any = None

    async def serve() -> None:
        nonlocal port, server
        blocks = (
            [SimData(0, values=[n % 3 == 0 for n in range(112)], datatype=DataType.BITS)],
            [SimData(0, values=[n % 3 == 0 for n in range(112)], datatype=DataType.BITS)],
            [SimData(0, count=100, values=0, datatype=DataType.REGISTERS)],
            [SimData(0, values=[7 * n for n in range(100)], datatype=DataType.REGISTERS)],
        )
        server = ModbusTcpServer(
            SimDevice(9, blocks), framer=FramerType.RTU, address=("127.0.0.1", 0)
        )
        await server.listen()
        port = server.transport.sockets[0].getsockname()[1]
        began.set()
        await server.serving

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert began.wait(10)
    yield f"socket://127.0.0.1:{port}"
    asyncio.run_coroutine_threadsafe(server.shutdown(), loop).result(10)
    thread.join(10)
    loop.close()


def test_our_client_reads_and_writes_a_server_of_pymodbus(pymodbus_server: str) -> None:
    with Registers(pymodbus_server, address=9) as client:
        assert client.read_registers(2, 3, table="input") == b"\x00\x0e\x00\x15\x00\x1c"
        assert client.read_bits(0, 7, table="discrete") == [True, False, False] * 2 + [True]
        client.set_level(12.5)
        assert client.level() == 12.5
        client.write_number(4, 0xBEEF)
        assert client.read_number(4) == 0xBEEF
        client.write_text(10, "ln/min", 4)
        assert client.read_text(10, 4) == "ln/min"
        client.write_bits(0, [False, True] * 5)
        client.write_bit(3, False)
        assert client.read_bits(0, 10) == [False, True, False, False] + [False, True] * 3
        client.check_connection()
        with pytest.raises(IllegalAddress, match="to read 2 holding registers from 0x0063"):
            client.read_number(99, "float32")


def test_the_client_of_pymodbus_reads_and_writes_our_simulator() -> None:
    simulator = RegistersSimulator(address=9, latency_s=0)
    with SocketCarrier(simulator) as carrier:
        host, port = carrier.url.removeprefix("socket://").rsplit(":", 1)
        client: Any = ModbusTcpClient(
            host, port=int(port), framer=FramerType.RTU, timeout=1, retries=0
        )
        assert client.connect()
        try:
            assert client.read_input_registers(2, count=3, device_id=9).registers == [14, 21, 28]
            found = client.read_discrete_inputs(0, count=7, device_id=9).bits[:7]
            assert found == [True, False, False] * 2 + [True]
            client.write_registers(0, [0x4148, 0], device_id=9)
            client.write_register(4, 0xBEEF, device_id=9)
            assert client.read_holding_registers(0, count=5, device_id=9).registers == [
                0x4148, 0, 0, 0, 0xBEEF,
            ]  # fmt: skip
            client.write_coils(0, [False, True] * 5, device_id=9)
            client.write_coil(3, False, device_id=9)
            assert client.read_coils(0, count=10, device_id=9).bits[:10] == (
                [False, True, False, False] + [False, True] * 3
            )
            assert client.diag_query_data(b"\xa5\x37", device_id=9).message == b"\xa5\x37"
            refused = client.read_holding_registers(99, count=2, device_id=9)
            assert (refused.isError(), refused.exception_code) == (True, 2)
        finally:
            client.close()


def test_a_broadcast_reaches_everybody_and_waits_for_nobody(
    sim_bus: Callable[..., Any], labframe_clock: Any
) -> None:
    members = [RegistersSimulator(address=9), RegistersSimulator(address=10)]
    bus = sim_bus(SimulatedBus(*members), carrier="sim", clock=labframe_clock)
    with Registers(bus.url, address=9) as client:
        began = labframe_clock.monotonic()
        client.write_number(0, 12.5, "float32", broadcast=True)
        client.write_bit(3, True, broadcast=True)
        client.write_bits(4, [True, True], broadcast=True)
        assert client.level() == 12.5
        assert labframe_clock.monotonic() - began >= 0.3, "each has 0.1 s to work it off"
    assert [member.broadcasts for member in members] == [3, 3]
    assert members[1].words["holding"][:2] == [0x4148, 0]
    assert members[1].flags["coil"][3:6] == [True, True, True]


def test_the_line_is_silent_for_three_and_a_half_characters_before_each_request(
    sim_instrument: Sim, labframe_clock: Any
) -> None:
    class Slow(RegistersSimulator):
        baudrate = 1200

    sim = sim_instrument(Slow, address=9, latency_s=0, carrier="sim", clock=labframe_clock)
    assert Registers.line is not None
    line = dataclasses.replace(Registers.line, baudrate=1200)
    with Registers(sim.url, address=9, line=line) as client:
        client.level()
        ended = labframe_clock.monotonic()
        client.level()
    assert sim.heard_at[-1] - ended == pytest.approx(3.5 * 10 / 1200, rel=0.01)


class Odd(RegistersSimulator):
    """Answers something else, and perhaps the right thing later."""

    answer: bytes | None = None
    late_s = 0.2

    def feed(self, data: bytes, now: float) -> list[Answer]:
        answers = super().feed(data, now)
        if self.answer is None:
            return answers
        odd = Answer(self.answer + modbus_crc(self.answer))
        return [odd, *(Answer(answer.data, self.late_s) for answer in answers)]


@pytest.mark.parametrize(
    "answer",
    [
        "0A 03 04 41 48 00 00",
        "09 04 04 41 48 00 00",
        "09 03 02 41 48",
        "09 06 00 00 00 00",
        "09 2B 00",
    ],
)
def test_an_answer_to_something_else_is_no_number_and_the_right_one_is_waited_for(
    sim_instrument: Sim, answer: str, labframe_clock: Any
) -> None:
    odd = Odd(address=9)
    sim = sim_instrument(odd, carrier="sim", clock=labframe_clock)
    with Registers(sim.url, address=9) as client:
        client.set_level(3.25)
        odd.answer = bytes.fromhex(answer)
        with pytest.raises(BadReply):
            client.level()
        odd.answer = None
        client.write_number(2, 99.0, "float32")
        assert client.read_number(2, "float32") == 99.0


def test_what_the_instrument_refuses_says_why(sim_instrument: Sim, labframe_clock: Any) -> None:
    sim = sim_instrument(RegistersSimulator, address=9, carrier="sim", clock=labframe_clock)
    with Registers(sim.url, address=9, name="tank") as client:
        with pytest.raises(IllegalAddress, match="tank: the instrument refuses to write holding"):
            client.write_number(100, 1)
        with sim.fault("device_error", code="3"), pytest.raises(IllegalValue):
            client.set_level(1)
        with sim.fault("device_error", code="1"), pytest.raises(IllegalFunction):
            client.is_on()
        with pytest.raises(ValueError, match="has bits; registers are in holding and input"):
            client.read_number(0, table="coil")
        with pytest.raises(ValueError, match="has registers; bits are in coil and discrete"):
            client.read_bit(0, table="input")
        with pytest.raises(ArgumentError, match="70000 does not fit into uint16"):
            client.write_number(0, 70000)


@pytest.mark.parametrize("address", [0, 248, "9"])
def test_an_address_that_is_none_is_an_error(sim_instrument: Sim, address: Any) -> None:
    sim = sim_instrument(RegistersSimulator, carrier="sim")
    with (
        Registers(sim.url, address=address) as client,
        pytest.raises(LineError, match=f"address = {address!r}: not a Modbus unit"),
    ):
        client.level()


def test_another_unit_is_silent(sim_instrument: Sim, labframe_clock: Any) -> None:
    sim = sim_instrument(RegistersSimulator, address=8, carrier="sim", clock=labframe_clock)
    with Registers(sim.url, address=9) as client, pytest.raises(NoReply):
        client.level()
