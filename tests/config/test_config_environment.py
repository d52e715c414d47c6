"""``"${NAME}"`` in a configuration, and files that cannot be read."""

import os
from pathlib import Path

import pytest

from labframe.config import ConfigurationError, load, parse

SECRET = "hunter2"


def problems(text: str, **environment: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, environment=environment)
    return caught.value.problems


def test_a_variable_is_replaced_in_any_text_also_in_lists_and_plugins_sections() -> None:
    config = parse(
        """
        plugins = ["${HERE}/x.py"]
        [instrument.c]
        driver = "x"
        address = "${ADDRESS}"
        options = { deep = { list = ["${TOKEN}", 3] } }
        [instrument.c.line]
        baudrate = "${BAUD}"
        rtscts = "${FLOW}"
        terminator = "${END}"
        [instrument.c.reading.t]
        every = "${EVERY}"
        enabled = "${ENABLED}"
        [plugin.page]
        users = [{ name = "a", password = "<${TOKEN}>" }]
        """,
        environment={
            "HERE": "/lab", "ADDRESS": "01", "TOKEN": SECRET, "BAUD": "19200", "FLOW": "true",
            "END": "\r", "EVERY": "2.5", "ENABLED": "false",
        },
    )  # fmt: skip

    cryo = config.instruments["c"]
    assert config.plugins == ("/lab/x.py",)
    assert (cryo.address, cryo.options["deep"]["list"]) == ("01", [SECRET, 3])
    assert cryo.line == {"baudrate": 19200, "rtscts": True, "terminator": b"\r"}
    assert (cryo.readings["t"].every, cryo.readings["t"].enabled) == (2.5, False)
    assert config.plugin_sections["page"]["users"][0]["password"] == f"<{SECRET}>"


def test_what_follows_the_colon_is_for_a_variable_that_is_not_set_or_empty() -> None:
    text = '[host]\nname = "${NAME:-lab}"'
    assert parse(text, environment={}).host.name == "lab"
    assert parse(text, environment={"NAME": ""}).host.name == "lab"
    assert parse(text, environment={"NAME": "x"}).host.name == "x"
    assert parse('[host]\nname = "a${N:-}b"', environment={}).host.name == "ab"


def test_a_number_is_taken_only_from_a_whole_variable() -> None:
    (found,) = problems('[network]\ndate_port = "90${N}"', N="01")
    assert 'date_port = "90${N}": not a UDP port' in found


@pytest.mark.parametrize("key", ["port", "driver", "socket"])
def test_a_variable_that_is_not_set_is_one_problem(key: str) -> None:
    driver = "" if key == "driver" else 'driver = "x"'
    (found,) = problems(f'[instrument.c]\n{driver}\n{key} = "${{GONE}}"')
    assert found.startswith(f"lab.toml: [instrument.c] {key}: the environment variable GONE is not")


@pytest.mark.parametrize("text", ["${}", "${1A}", "${A B}", "a ${TOKEN"])
def test_what_looks_like_a_variable_and_is_none_says_how_to_write_it(text: str) -> None:
    (found,) = problems(f"[plugin.page]\ntoken = '{text}'", TOKEN=SECRET)
    assert 'write "${NAME}", or "$${"' in found


@pytest.mark.parametrize(
    "text",
    [
        '[network]\ndate_port = "${S}"',
        '[network]\nlisten = "a b ${S}"',
        '[network]\nlisten = "${S}:9000:1"',
        '[host]\nlog_level = "${S}"',
        '[host]\nnme = "${S}"',
        'plugins = ["${S}", 3]',
        'namee = "${S}"',
        '[instrument.c]\ndriver = "x"\nport = { vid = "${S}" }',
        '[instrument.c]\ndriver = "x"\nport = { serail = "${S}" }',
        '[instrument.c]\ndriver = "x"\nsocket = "${S}"',
        '[instrument.c]\ndriver = "x"\nchannels = { A = "#${S}" }',
        '[instrument.c]\ndriver = "x"\nchannels = ["${S}", "${S}"]',
        '[instrument.c]\ndriver = "x"\npasword = { a = ["${S}"] }',
        '[instrument.c]\ndriver = "x"\n[instrument.c.line]\nparity = "${S}"',
        '[instrument.c]\ndriver = "x"\n[instrument.c.line]\nencoding = "${S}"',
        '[instrument.c]\ndriver = "x"\n[instrument.c.reading.t]\ncodename = "#${S}"',
        '[instrument.a]\ndriver = "x"\nport = "${S}"\n[instrument.b]\ndriver = "x"\nport = "${S}"',
        '[instrument.a]\ndriver = "x"\nchannels = { A = "${S}" }\n'
        '[instrument.b]\ndriver = "x"\nreading = { t = { codename = "${S}" } }',
    ],
)
@pytest.mark.parametrize("content", [SECRET, f"{SECRET}'\\{SECRET * 20}"], ids=["short", "long"])
def test_what_a_variable_holds_is_never_shown(text: str, content: str) -> None:
    found = "\n".join(problems(text, S=content))
    assert SECRET not in found


def test_a_file_may_begin_with_the_mark_that_some_editors_write(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_bytes(b'\xef\xbb\xbf[host]\r\nname = "x"\r\n')
    assert load(file).host.name == "x"


def test_a_directory_says_which_configurations_are_in_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"is a directory. `labframe init` writes one"):
        load(tmp_path)
    (tmp_path / "oven.toml").touch()
    with pytest.raises(ConfigurationError, match=r"is a directory. In .* there are: oven.toml"):
        load(tmp_path)


def test_a_file_in_a_directory_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no such file. `labframe init`"):
        load(tmp_path / "gone" / "lab.toml")


def test_a_file_that_may_not_be_read_says_who_may(tmp_path: Path) -> None:
    loop = tmp_path / "loop.toml"
    loop.symlink_to(loop)  # the way to an unreadable file that works for every user
    with pytest.raises(ConfigurationError, match=r"cannot be read: .*`ls -l "):
        load(loop)


def test_the_environment_is_the_programs_own_unless_another_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(os.environ, "LABFRAME_TEST_NAME", "x")
    assert parse('[host]\nname = "${LABFRAME_TEST_NAME}"').host.name == "x"
