"""From where commands are taken: this computer, and others only where that is allowed."""

import json
import socket
from pathlib import Path

import pytest
from commandlab import CommandPlugin, host_of, json_of, said, simulated
from udp import ask

from labframe.commands import Gate
from labframe.commands.senders import is_own, sender_of
from labframe.hookspecs import CommandConsumer

COMMAND = json_of("oven.stop").encode()


@pytest.mark.parametrize(
    "address",
    [
        ("192.0.2.7", 5000),
        ("198.51.100.1", 5000),
        ("2001:db8::7", 5000, 0, 0),
        ("::ffff:192.0.2.7", 5000, 0, 0),
        ("fe80::1%7", 5000, 0, 7),
        ("0.0.0.0", 5000),
        ("::", 5000, 0, 0),
        ("::ffff:0.0.0.0", 5000, 0, 0),
        ("255.255.255.255", 5000),
        ("224.0.0.1", 5000),
        ("ff02::1", 5000, 0, 0),
    ],
    ids=lambda address: address[0],
)
def test_a_command_from_another_computer_is_refused_and_told_how_to_allow_it(
    address: tuple[str, int],
) -> None:
    gate = Gate(False, "lab.toml")
    for request in (COMMAND, b"raw_wn#method:str:oven.stop"):
        answer = gate(request, address)
        assert answer is not None
        assert answer.decode() == (
            f"ERROR#NOT_ALLOWED: commands from other computers ({sender_of(address)}) are "
            'refused; [network] unsigned_commands = "allow" in lab.toml allows them'
        )
    assert gate.refused == 2
    for request in (b"name", b"status", b"commands", b"describe", b"describe#oven", b"instruments"):
        assert gate(request, address) is None, "who only asks is answered"
    assert Gate(True, "lab.toml")(COMMAND, address) is None


@pytest.mark.parametrize(
    "address",
    [("127.0.0.1", 5), ("127.9.9.9", 5), ("::1", 5, 0, 0), ("::ffff:127.0.0.1", 5, 0, 0)],
    ids=lambda address: address[0],
)
def test_a_command_from_this_computer_is_taken(address: tuple[str, int]) -> None:
    assert Gate(False, "lab.toml")(COMMAND, address) is None


def test_an_address_of_this_computer_is_its_own() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.7", 9))  # sends nothing: it only asks for the way
        except OSError:
            own = "127.0.0.1"  # there is no way out of here
        else:
            own = probe.getsockname()[0]
    assert is_own(own)


def test_every_push_socket_of_a_host_has_the_gate_before_it(tmp_path: Path) -> None:
    consumers = [
        CommandConsumer(name="store", port=0),
        CommandConsumer(name="call", port=0, action="callback_direct", callback=len),
    ]
    with host_of(tmp_path, CommandPlugin(consumers=consumers)) as host:
        assert len(host.commanding.sockets) == 3
        for one in host.commanding.sockets:
            assert one.server.gate is not None
            answer = one.server.gate(COMMAND, ("192.0.2.7", 5000))
            assert answer is not None
            assert answer.startswith(b"ERROR#NOT_ALLOWED")


@pytest.mark.parametrize("allowed", ["refuse", "allow"])
def test_the_host_takes_commands_of_this_computer_either_way(tmp_path: Path, allowed: str) -> None:
    network = {"listen": "0.0.0.0", "unsigned_commands": allowed}
    with host_of(tmp_path, network=network) as host:
        host.wait_fresh("oven_temperature")
        assert said(host, "oven.add", number=1) == "RET#1001"
        assert ask(host.commanding.port or 0, "name", sender="127.0.0.2") == "RET#test lab"
        assert simulated(host).count == 1


def test_a_refused_command_is_told_once_a_second_and_all_are_counted() -> None:
    told: list[tuple[str, bytes, bytes]] = []
    gate = Gate(False, "lab.toml", lambda *refusal: told.append(refusal))
    answers = {gate(COMMAND, ("192.0.2.7", 9)) for _ in range(100)}
    assert gate.refused == 100
    (answer,) = answers
    assert told == [("192.0.2.7", COMMAND, answer)]


def test_a_command_from_elsewhere_is_in_the_audit(tmp_path: Path) -> None:
    with host_of(tmp_path) as host:
        answer = host.commanding._gate(COMMAND, ("192.0.2.7", 9))
        assert answer is not None
        (record,) = (
            json.loads(line)
            for path in tmp_path.rglob("commands.jsonl")
            for line in path.read_text().splitlines()
        )
        assert (record["event"], record["sender"]) == ("refused", "192.0.2.7")
        assert record["answer"].startswith("ERROR#NOT_ALLOWED")
