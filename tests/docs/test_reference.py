"""What the reference says is so: names, ports, texts, forms of numbers."""

import ast
import inspect
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import labframe
import labframe.board
import labframe.client
import labframe.errors
import labframe.points
import labframe.sockets
from labframe.client import PullClient
from labframe.errors import NoAnswer, OldData
from labframe.protocol import pull, push
from labframe.sockets import DateDataPullSocket


def one_line(text: str) -> str:
    """Return a text with every run of white space as one blank."""
    return re.sub(r"\s+", " ", text)


def page(docs: Path, name: str) -> str:
    """Return the text of a page on one line."""
    return one_line((docs / name).read_text("utf-8"))


def rows(docs: Path, heading: str) -> Iterator[list[str]]:
    """Yield the cells of the table after a heading of the protocol's page."""
    text = (docs / "reference" / "protocol.md").read_text("utf-8")
    lines = text.partition(f" {heading}\n")[2].partition("\n|")[2].splitlines()
    for line in lines[2:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("reference/sockets.md", labframe.sockets.__all__),
        ("reference/clients.md", labframe.client.__all__),
        ("reference/errors.md", labframe.errors.__all__),
    ],
)
def test_every_published_name_is_in_the_reference(
    docs: Path, name: str, published: list[str]
) -> None:
    text = page(docs, name)

    assert [item for item in published if not re.search(rf"\b{item}\b", text)] == []


@pytest.mark.parametrize("path", ["pull", "push", "live", "wire", "outcomes"])
def test_every_module_of_the_protocol_is_in_the_reference(docs: Path, path: str) -> None:
    text = page(docs, "reference/protocol-modules.md")

    assert f".. automodule:: labframe.protocol.{path} " in text


def test_the_default_ports_are_those_of_the_classes(docs: Path) -> None:
    shown = {cells[0].split("`")[1]: int(cells[1]) for cells in rows(docs, "Default ports")}
    shown.pop("LiveSocket")  # it is there twice
    real = {}
    for name in shown:
        parameters = inspect.signature(getattr(labframe.sockets, name)).parameters
        real[name] = parameters["port"].default

    assert len(shown) == 3
    assert real == shown


def test_new_arguments_are_named_for_users_of_the_original(docs: Path) -> None:
    text = page(docs, "how-to/from-pyexplabsys.md")
    for name in ("DateDataPullSocket", "DataPullSocket", "DataPushSocket", "LiveSocket"):
        parameters = inspect.signature(getattr(labframe.sockets, name)).parameters.values()
        for parameter in parameters:
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                assert f"| `{parameter.name}` |" in text, f"{name}({parameter.name}=...)"


def test_every_quirk_has_its_row(docs: Path) -> None:
    text = (docs / "how-to" / "from-pyexplabsys.md").read_text("utf-8")

    assert re.findall(r"^\| Q(\d+) \|", text, re.MULTILINE) == [str(n) for n in range(1, 39)]


def test_values_of_a_callback_are_written_as_the_table_says(docs: Path) -> None:
    shown = list(rows(docs, "Values of a direct callback"))
    forms: list[push.ReturnFormat] = ["json", "string", "raw"]

    assert len(shown) >= 8
    for returned, *answers in shown:
        text = returned.strip("`")
        value = math.nan if text == "nan" else ast.literal_eval(text)
        for form, answer in zip(forms, answers, strict=True):
            real = push.returned(value, form)
            if answer.startswith("an error"):
                assert real.startswith("EXCEP#Raw conversion failed with message:")
            else:
                assert real == answer.strip("`")


def test_numbers_are_written_as_the_table_says(docs: Path) -> None:
    kinds: dict[str, list[labframe.points.Value]] = {
        "integer": [47],
        "float": [47.25, 100.0],
        "small and large floats": [1e-05, 1e22],
        "not a number, infinities": [math.nan, math.inf, -math.inf],
        "truth": [True, False],
        "nothing": [None],
        "text": ["on, café"],
        "list": [[1, 2]],
    }
    shown = {
        kind: (raw, json)
        for kind, raw, json in rows(docs, "How numbers and other values are written")
    }

    assert shown.keys() == kinds.keys()
    for kind, values in kinds.items():
        raw, json = shown[kind]
        assert re.findall("`(.+?)`", raw) == [pull.raw_point(0, v).decode()[2:] for v in values]
        assert re.findall("`(.+?)`", json) == [pull.json_point(0, v).decode()[4:-1] for v in values]


def refusal(parse: Callable[[str], object], text: str) -> str:
    with pytest.raises(ValueError) as caught:
        parse(text)
    return push.error(str(caught.value))


@pytest.mark.parametrize(
    ("parse", "text", "stands_for"),
    [
        (push.parse_json, "QQ", "text"),
        (push.parse_json, "[1]", "object"),
        (push.parse_raw, "QQ:3", "part"),
        (push.parse_raw, "a:QQ:3", "type"),
        (push.parse_raw, "a:int:QQ", "value"),
        (push.parse_raw, "a:float:QQ", "value"),
        (push.parse_raw, "a:bool:QQ", "value"),
    ],
)
def test_refusals_read_as_the_page_says(
    docs: Path, parse: Callable[[str], object], text: str, stands_for: str
) -> None:
    real = refusal(parse, text)
    variable = {"part": "QQ:3", "object": "[1]"}.get(stands_for, "QQ")

    assert f"`{real.replace(variable, f'{{{stands_for}}}')}`" in page(docs, "reference/protocol.md")


@pytest.mark.parametrize(
    "value",
    [3, {"a": [1, 2.0]}, {"a": None}, [1], [[1], [2.0]], [[None]], []],
    ids=str,
)
def test_failed_raw_conversions_read_as_the_page_says(docs: Path, value: object) -> None:
    real = push.returned(value, "raw").removeprefix("EXCEP#Raw conversion failed with message:")
    real = real.replace(
        "Object: 'None' is of type: NoneType", "Object: '{value}' is of type: {type}"
    )

    assert one_line(f"`{real}`") in page(docs, "reference/protocol.md")


def test_an_answer_that_is_too_long_reads_as_the_page_says(docs: Path) -> None:
    real = pull.too_long(b"raw", 70000).decode()
    shown = real.replace("'raw'", "'{request}'").replace("70000", "{n}")

    assert f"`{shown}`" in page(docs, "reference/protocol.md")


def test_the_tutorial_shows_the_errors_that_a_reader_will_see(docs: Path) -> None:
    text = (docs / "tutorial" / "first-point.md").read_text("utf-8")
    with DateDataPullSocket("cryostat", ["cryo_temperature"], port=0, timeouts=3.0) as server:
        port = server.port
        with PullClient("127.0.0.1", port) as client, pytest.raises(OldData) as old:
            client.point("cryo_temperature")
    with PullClient("127.0.0.1", port) as client, pytest.raises(NoAnswer) as nobody:
        client.name()

    assert f"labframe.errors.OldData: {old.value}\n" in text
    assert f"labframe.errors.NoAnswer: {nobody.value}\n".replace(str(port), "9000") in text
