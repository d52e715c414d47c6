"""Names, codenames and ports that are there twice."""

import pytest

from labframe.config import ConfigurationError, parse


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, environment={})
    return caught.value.problems


def test_a_codename_that_is_given_twice_names_both_places() -> None:
    (found,) = problems(
        """
        [instrument.a]
        driver = "x"
        channels = { A = "pressure" }
        [instrument.b.reading.p]
        codename = "Pressure"
        [instrument.b]
        driver = "x"
        """
    )
    assert "[instrument.b.reading.p] codename = 'Pressure': [instrument.a.channels.A]" in found
    assert "in other case" in found


def test_a_codename_of_what_is_not_read_may_be_there_again() -> None:
    parse(
        """
        [instrument.a]
        driver = "x"
        channels = { A = "p", B = { codename = "p", enabled = false } }
        [instrument.old]
        driver = "x"
        enabled = false
        channels = { A = "p" }
        """
    )


@pytest.mark.parametrize("kind", ["instrument", "socket"])
def test_names_that_differ_in_case_only_are_refused(kind: str) -> None:
    driver = 'driver = "x"' if kind == "instrument" else ""
    (found,) = problems(f"[{kind}.Oven]\n{driver}\n[{kind}.oven]\n{driver}")
    assert f"[{kind}] oven: differs from [{kind}.Oven] in case only" in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[network]\ndata_port = 9000", "data_port = 9000: [network] date_port is the same port, "),
        ("[network]\ndate_port = 8500", "date_port = 8500: [network] push_port is the same port, "),
        ("[network]\ndate_port = 1\ndata_port = 1", "[network] date_port is the same port; give"),
        ("[socket.a]\nport = 9007\n[socket.b]\nport = 9007", "[socket.a] port is the same port"),
        ("[socket.a]\nport = 9010", "[network] data_port is the same port, which is its default"),
    ],
)
def test_a_udp_port_that_is_taken_twice_names_both_keys(text: str, said: str) -> None:
    (found,) = problems(text)
    assert said in found


def test_port_0_may_be_there_any_number_of_times() -> None:
    config = parse("[network]\ndate_port = 0\ndata_port = 0\npush_port = 0\n[socket.a]\nport = 0")
    assert config.sockets["a"].port == 0


def test_two_instruments_on_one_port_need_an_address_each() -> None:
    both = '[instrument.{}]\ndriver = "x"\nport = {{ serial = "A1" }}\naddress = {}\n'
    (found,) = problems(both.format("a", 1) + both.format("b", '"1"'))
    assert "[instrument.b] port" in found
    assert "[instrument.a] has the same port and address" in found
    parse(both.format("a", 1) + both.format("b", 2))


def test_an_instrument_that_is_not_used_takes_no_port() -> None:
    text = '[instrument.{}]\ndriver = "x"\nport = "p"\nenabled = {}\n'
    assert len(parse(text.format("a", "true") + text.format("b", "false")).instruments) == 2


def test_a_socket_that_is_not_there_names_those_that_are() -> None:
    (found,) = problems('[socket.furnace]\n[instrument.c]\ndriver = "x"\nsocket = "furnac"')
    assert "there is no [socket.furnac]; did you mean 'furnace'? There are: furnace" in found
    (found,) = problems('[instrument.c]\ndriver = "x"\nsocket = "y"')
    assert "There are: none; the first of each kind needs no section" in found
