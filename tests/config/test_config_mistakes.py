"""Mistakes in a configuration: what is said of each, and that one run says all."""

import re

import pytest

from labframe.config import Config, ConfigurationError, parse


def problems(text: str, **environment: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, environment=environment)
    return caught.value.problems


def only_problem(text: str) -> str:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def instrument(text: str) -> str:
    return f'[instrument.c]\ndriver = "x"\n{text}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (instrument("baud = 9"), "'baudrate' in [instrument.c.line]"),
        (instrument("baud_rate = 9"), "'baudrate' in [instrument.c.line]"),
        (instrument('terminator = "x"'), "'terminator' in [instrument.c.line]"),
        (instrument("every = 9"), "'every' in [instrument.c.reading.NAME]"),
        (instrument("stale-after = 9"), "'stale_after' in [instrument.c.reading.NAME]"),
        (instrument('unit = "K"'), "the unit is the driver's"),
        (instrument('name = "cryo"'), "the instrument's name is that of its section, 'c'"),
        (instrument("[instrument.c.readings.t]\nevery = 1"), "did you mean 'reading'?"),
        (instrument("[instrument.c.temperature]\nevery = 1"), "[instrument.c.reading.temperature]"),
        (instrument('prt = "/dev/x"'), "did you mean 'port'?"),
        (instrument("[instrument.c.line]\nevery = 1"), "'every' in [instrument.c.reading.NAME]"),
        (instrument('[instrument.c.reading.t]\nunit = "K"'), "the unit is the driver's"),
        (instrument("[instrument.c.reading.t]\ninterval = 1"), "did you mean 'every'?"),
        (instrument("[instrument.c.channels.A]\nofset = 1"), "did you mean 'offset'?"),
        ('[host]\nlisten = "0.0.0.0"', "'listen' in [network]"),
        ('[host]\nplugins = ["./x.py"]', "'plugins' at the top, above the first section?"),
        ("[host]\nport = 9000", "'date_port' in [network]"),
        ('[network]\nname = "x"', "'name' in [host]"),
        ("[socket.x]\ndate_port = 1", "'date_port' in [network]"),
        ("date_port = 9000", "'date_port' in [network]"),
        ('name = "x"', "'name' in [host]"),
        ('plugin = ["x.py"]', "must be sections [plugin.NAME]; files to load are in `plugins`"),
        ('[instruments.cryo]\ndriver = "x"', "did you mean [instrument.cryo]?"),
        ("[sockets.furnace]\nport = 1", "did you mean [socket.furnace]?"),
        ('[plugins.page]\na = "b"', "did you mean [plugin.page]?"),
        ("[[instrument]]\ndriver = 'x'", "must be sections [instrument.NAME]"),
        ("[[instrument.c]]\ndriver = 'x'", "write [instrument.c] once, in single brackets"),
        ('[instrument.oven-1]\ndriver = "x"', "write [instrument.oven_1]"),
    ],
)
def test_a_key_in_the_wrong_place_says_the_right_one(text: str, said: str) -> None:
    assert said in only_problem(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[host]\nname = 1979-05-27", "name = 1979-05-27: not a text in quotes, such as"),
        ("[host]\nlog_file = false", "log_file = false: not a path in quotes"),
        ('[host]\nstate_dir = ""', "state_dir = '': is empty"),
        ('plugins = "x.py"', 'not a list of files, such as ["./lakeshore.py"]'),
        ('plugins = [""]', "one of its texts is empty"),
        ("[network]\ndate_port = 9000.5", "date_port = 9000.5: not a UDP port, such as 9000"),
        ('[network]\nlisten = ""', "not an address"),
        ('[network]\nlisten = "300.1.2.3"', "not an address"),
        ('[network]\nlisten = "a b"', "not an address"),
        ('[network]\nlisten = "lab.example:9000"', 'write listen = "lab.example"'),
        ('[network]\nlive_server = "live:99999"', 'not "host:port"'),
        ('[socket.x]\nkind = "dat"', "not 'date' or 'data'; did you mean 'da"),
        (instrument("driver_ = 1"), "did you mean 'driver'?"),
        ('[instrument.c]\ndriver = ""', "driver = '': is empty"),
        (instrument("enabled = 1"), "enabled = 1: not true or false"),
        (instrument("address = 1.5"), 'not a whole number or a text in quotes, such as 1 or "01"'),
        (instrument("options = 3"), "not a table, such as { key = 1 }"),
        (instrument("port = 3"), "not a port: a path"),
        (instrument("port = {vid = 1027}"), 'write it in quotes: "0403"'),
        (instrument('channels = ["A", "A"]'), "channel 'A' is there twice"),
        (instrument("channels = [1, 2]"), "a list of texts in quotes"),
        (instrument("channels = { A = 3 }"), "A = 3: not a codename in quotes, nor a table"),
        (instrument('channels = { A = "a b" }'), "A = 'a b': not a codename"),
        (instrument("reading = 3"), "must be sections [instrument.c.reading.NAME]"),
        (instrument("[instrument.c.reading]\nt = 2"), "write [instrument.c.reading.t] above it"),
        (instrument("line = 3"), "write [instrument.c.line] above it"),
        (instrument("[instrument.c.line]\nterminator = 13"), "not a text in quotes, such as"),
        (instrument('[instrument.c.line]\nterminator = "€"'), "a character above 255"),
        (instrument("[instrument.c.line]\nrtscts = 3"), "not true or false"),
        (instrument("[instrument.c.line]\ndtr = 3"), "not true or false"),
        (instrument('[instrument.c.line]\nbaudrate = "9600"'), "baudrate = '9600': not a whole"),
        (instrument("[instrument.c.line]\nfirst_byte_s = 5\ntotal_s = 2"), "raise total_s too"),
        (instrument('[instrument.c.reading.t]\nevery = "1 s"'), "not a number of seconds, such as"),
        (instrument("[instrument.c.reading.t]\nevery = 0.0001"), "0.001 or more"),
        (instrument("[instrument.c.reading.t]\nevery = true"), "every = true: not a number"),
        (instrument(f"[instrument.c.reading.t]\nevery = 1{'0' * 400}"), "...: not a number"),
        (instrument("[instrument.c.reading.t]\nstale_after = inf"), "0.001 or more"),
        (instrument("[instrument.c.reading.t]\nscale = nan"), "not a finite number"),
        (instrument(f'[instrument.c.reading.t]\ncodename = "{"a" * 65}"'), "at most 64"),
    ],
)
def test_a_wrong_value_says_what_is_wanted_in_plain_words(text: str, said: str) -> None:
    problem = only_problem(text)
    assert said in problem
    assert "Expected" not in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[host\n", "line 1, column 6: "),
        ("[host]\nname = cryo", "line 2, column 8: Invalid value; found 'c' in: name = cryo"),
        ("[host]\nname = 'a' b", "line 2, column 12: "),
        ("[host]\n[network]\n[host]", "line 3, column 6: Cannot declare [host] twice"),
        ("a = [1,", "line 1, column 8: Invalid value; found the end of the line in: a = [1,"),
        ('a = """', "line 1, column 8: "),
    ],
)
def test_what_is_no_toml_says_where_and_what_was_found(text: str, said: str) -> None:
    assert only_problem(text).startswith(f"lab.toml: {said}")


def test_what_is_wrong_between_sections_is_said_beside_what_is_wrong_in_them() -> None:
    found = problems(
        """
        [host]
        nam = "x"
        [socket.furnace]
        port = 9000
        [instrument.a]
        driver = "x"
        port = "p"
        every = 3
        [instrument.b]
        driver = "x"
        port = "p"
        socket = "furnac"
        """
    )
    assert [re.sub(r"lab.toml: (\[.*?\] \w+).*", r"\1", one) for one in found] == [
        "[host] nam",
        "[instrument.a] every",
        "[instrument.b] socket",
        "[instrument.b] port",
        "[socket.furnace] port",
    ]


def test_a_dictionary_in_python_may_hold_what_python_has() -> None:
    config = Config.from_dict(
        {
            "plugins": ("x.py",),
            "instrument": {
                "c": {"driver": "x", "label": None, "line": {"terminator": b"\r"}, "port": None}
            },
        }
    )
    assert config.plugins == ("x.py",)
    assert config.instruments["c"].line == {"terminator": b"\r"}
