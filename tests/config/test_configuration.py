"""The configuration: what it may hold, and what is said of what it may not."""

import re
from pathlib import Path

import pytest

from labframe.config import Config, ConfigurationError, load, parse
from labframe.line import UsbPort

GOOD = """
[host]
name = "x"
[instrument.cryo]
driver = "lakeshore"
port = "/dev/ttyUSB0"
"""


def problems(text: str, **environment: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, environment=environment)
    return caught.value.problems


def only_problem(text: str, **environment: str) -> str:
    found = problems(text, **environment)
    assert len(found) == 1, found
    return found[0]


def test_a_configuration_of_six_lines_is_enough() -> None:
    config = parse(GOOD)

    assert config.host.name == "x"
    assert config.network.listen == "127.0.0.1"
    assert (config.network.date_port, config.network.data_port) == (9000, 9010)
    assert config.instruments["cryo"].driver == "lakeshore"
    assert config.instruments["cryo"].port == "/dev/ttyUSB0"


def test_all_that_can_be_said_of_an_instrument_is_understood() -> None:
    config = parse(
        """
        [socket.furnace]
        port = 9005
        [instrument.gauges]
        driver = "xgs600"
        port = { vid = "0403", serial = "A1" }
        address = "01"
        socket = "furnace"
        identity = "0104"
        options = { fast = true }
        simulate = { seed = 3 }
        channels = { HFIG1 = "chamber_pressure", CNV1 = { codename = "fore", scale = 2 } }
        [instrument.gauges.line]
        baudrate = 19200
        terminator = "\\r"
        [instrument.gauges.reading.pressure]
        every = 2
        stale_after = 9.5
        label = "the pressure"
        enabled = false
        """
    )

    gauges = config.instruments["gauges"]
    assert gauges.port == UsbPort(vid="0403", serial="A1")
    assert gauges.line == {"baudrate": 19200, "terminator": b"\r"}
    assert gauges.channels["HFIG1"].codename == "chamber_pressure"
    assert gauges.channels["CNV1"].scale == 2.0
    assert (gauges.readings["pressure"].every, gauges.readings["pressure"].enabled) == (2.0, False)
    assert config.sockets["furnace"].port == 9005


def test_every_problem_is_named_in_one_run() -> None:
    found = problems(
        """
        [host]
        name = 3
        log_level = "warn"
        [network]
        date_port = 99999
        [instrument.cryo]
        driver = "lakeshore"
        baud = 9601
        [instrument.cryo.line]
        parity = "X"
        [instrument.cryo.reading.temperature]
        every = 0
        """
    )
    assert len(found) == 6
    assert all(problem.startswith("lab.toml: [") for problem in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[host]\nnam = "x"', r"\[host\] nam = 'x': .*did you mean 'name'"),
        ("[host]\nname = 3", r"\[host\] name = 3: not a text in quotes"),
        ('[host]\nlog_level = "warn"', r"did you mean 'warning'"),
        ("[host]\nrequired_plugins = [1]", r'not a list of plugins. names, such as \["recorder"\]'),
        ("[network]\ndate_port = true", r"date_port = true: not a UDP port, such as 9000"),
        ("[network]\ndate_port = -1", r"0 to 65535"),
        ('[network]\nlive_server = "x"', r'not "host:port"'),
        ("[network]\nlive_server = true", r"live_server = true: not .* or false"),
        ('[network]\nlisten = "127.0.0.1:9000"', r"the port is another key"),
        ('[network]\nunsigned_commands = "yes"', r"'refuse' or 'allow'"),
        ('[instruments.cryo]\ndriver = "x"', r"did you mean \[instrument.cryo\]"),
        ('[plugins.x]\na = "b"', r"did you mean \[plugin.x\]"),
        ('[instrument."a b"]\ndriver = "x"', r"letters, digits and _ only"),
        ("[instrument]\ncryo = 3", r"write \[instrument.NAME\] above it"),
        ("[instrument.cryo]\nport = 'x'", r"driver: is missing"),
        ('[instrument.c]\ndriver = "x"\nbaud = 9', r"'baudrate' in \[instrument.c.line\]"),
        ('[instrument.c]\ndriver = "x"\nevery = 9', r"'every' in \[instrument.c.reading.NAME\]"),
        ('[instrument.c]\ndriver = "x"\nport = ""', r"not a port: a path"),
        ('[instrument.c]\ndriver = "x"\nport = {vd = "1"}', r"did you mean 'vid'"),
        ('[instrument.c]\ndriver = "x"\nchannels = 3', r"not channels: a list of texts"),
        ('[instrument.c]\ndriver = "x"\nsocket = "furnac"\n[socket.furnace]',
         r"there is no \[socket.furnac\]; did you mean 'furnace'"),
        ('[instrument.c]\ndriver = "x"\n[instrument.c.line]\nbaud = 9', r"did you mean 'baudrate'"),
        ('[instrument.c]\ndriver = "x"\n[instrument.c.line]\nbytesize = 9', r"not 5, 6, 7 or 8"),
        ('[instrument.c]\ndriver = "x"\n[instrument.c.reading.t]\ncodename = "a:b"',
         r"not a codename: letters, digits and _"),
        ('[instrument.c]\ndriver = "x"\n[instrument.c.reading.t]\nscale = 0', r"every value 0"),
        ('[instrument.c]\ndriver = "x"\n[instrument.c.reading.t]\noffset = nan', r"not a finite"),
        ('[instrument.c]\ndriver = "x"\nport = "p"\n[instrument.d]\ndriver = "x"\nport = "p"',
         r"\[instrument.c\] has the same port and no address"),
        ('[instrument.c]\ndriver = "x"\n[instrument.C]\ndriver = "x"',
         r"differs from \[instrument.c\] in case"),
        ("[network]\ndate_port = 9010",
         r"date_port = 9010: \[network\] data_port is the same port, which is"),
        ("[socket.x]\nport = 9000", r"\[network\] date_port is the same port, which is its"),
        ("[host\n", r"line 1, column 6: Expected .*; found the end of the line"),
        ("[host]\nname = cryo",
         r"line 2, column 8: Invalid value; found 'c' in: name = cryo .a text needs"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key_its_value_and_the_way_out(text: str, said: str) -> None:
    problem = only_problem(text)
    assert re.search(said, problem, re.DOTALL), problem
    assert problem.startswith("lab.toml: ")


def test_the_same_port_with_two_addresses_is_a_bus() -> None:
    config = parse(
        """
        [instrument.a]
        driver = "x"
        port = "p"
        address = 1
        [instrument.b]
        driver = "y"
        port = "p"
        address = 2
        """
    )
    assert [one.address for one in config.instruments.values()] == [1, 2]


def test_secrets_and_ports_come_from_the_environment() -> None:
    text = """
    [network]
    date_port = "${PORT}"
    [instrument.cryo]
    driver = "lakeshore"
    port = "${CRYO_PORT:-/dev/ttyUSB0}"
    [plugin.page]
    token = "$${not} ${TOKEN}!"
    """
    config = parse(text, environment={"PORT": "9001", "TOKEN": "secret"})

    assert config.network.date_port == 9001
    assert config.instruments["cryo"].port == "/dev/ttyUSB0"
    assert config.plugin_sections["page"]["token"] == "${not} secret!"


def test_a_variable_that_is_not_set_is_named_with_its_key() -> None:
    assert "${TOKEN:-value}" in only_problem('[plugin.page]\ntoken = "${TOKEN}"')
    assert "[plugin.page] token: " in only_problem('[plugin.page]\ntoken = "${TOKEN}"')


def test_a_message_never_shows_what_a_variable_holds() -> None:
    text = '[network]\ndate_port = "${SECRET}"\nlive_server = "${SECRET}"'
    found = "\n".join(problems(text, SECRET="hunter2"))
    assert "hunter2" not in found
    assert '"${SECRET}"' in found


def test_a_file_that_is_not_there_says_which_are(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(GOOD)
    with pytest.raises(ConfigurationError, match=r"In .* there are: lab.toml"):
        load(tmp_path / "labb.toml")
    (tmp_path / "latin.toml").write_bytes(b'[host]\nname = "K\xf6ln"')
    with pytest.raises(ConfigurationError, match="not UTF-8 text at byte 16"):
        load(tmp_path / "latin.toml")
    with pytest.raises(ConfigurationError, match="is a directory"):
        load(tmp_path)
    assert load(tmp_path / "lab.toml").directory == tmp_path


def test_a_dictionary_is_as_good_as_a_file() -> None:
    assert Config.from_dict({"host": {"name": "x"}}).host.name == "x"
    with pytest.raises(ConfigurationError, match="did you mean 'name'"):
        Config.from_dict({"host": {"nme": "x"}})
